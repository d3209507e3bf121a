"""The venues, one folder each, found by walking."""
