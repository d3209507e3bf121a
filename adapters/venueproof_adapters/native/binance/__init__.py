"""Binance futures, linear and inverse."""
