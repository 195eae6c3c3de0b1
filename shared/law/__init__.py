"""Which article of which text a rule rests on, by date."""
