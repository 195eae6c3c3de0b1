"""Importing what other systems exported: sources, profiles, sending, accounting."""
