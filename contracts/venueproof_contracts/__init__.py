"""What an adapter owes, clause by clause: the words, the values and the promises that all of venueproof shares."""
