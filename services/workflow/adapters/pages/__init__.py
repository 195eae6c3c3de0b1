"""The pages on which people see what is theirs, and act."""
