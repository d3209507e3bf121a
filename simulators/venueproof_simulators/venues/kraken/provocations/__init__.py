"""How Kraken shows each neutral kind of trouble: one function for each case, tied to its row of the register."""
