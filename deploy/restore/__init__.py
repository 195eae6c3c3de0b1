"""Bringing back what a broker or a store has lost."""
