"""What intake does, behind both doors."""
