"""How numbers, orders, accounts and events are spelled."""
