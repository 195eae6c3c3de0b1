"""The pages: words, numbers, drawings, templates and the routes that put them together."""
