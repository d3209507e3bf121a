"""How Kraken spells numbers, instruments, orders, accounts, histories and streamed events."""
