"""The adapter for Deribit."""
