"""How numbers, orders, accounts and events are spelled: all strings, and what is absent is an empty one."""
