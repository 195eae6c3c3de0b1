"""Reading workbooks, and statistical forms from them."""
