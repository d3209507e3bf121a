"""The clauses, one file a section."""
