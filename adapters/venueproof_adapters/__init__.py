"""Adapters under test: our own, ccxt's, and ours broken on purpose."""
