"""Pure state: instruments, book, matching, margin, ledger, prices. No sockets, no clock, no venue."""
