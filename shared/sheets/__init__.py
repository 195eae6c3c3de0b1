"""Workbooks in XLSX and XLS, read whole within limits."""
