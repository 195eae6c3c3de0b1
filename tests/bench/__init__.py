"""The measures that the project is held to, measured and printed; nothing is asserted."""
