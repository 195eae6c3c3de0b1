"""What reporting does, without knowing how it is stored or shown."""
