"""What several native adapters share."""
