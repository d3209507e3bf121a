"""Deribit: inverse and linear perpetuals, dated futures and options over one JSON-RPC surface."""
