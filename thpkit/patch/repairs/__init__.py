"""Single repairs."""
