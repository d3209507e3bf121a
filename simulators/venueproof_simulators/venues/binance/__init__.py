"""Binance futures."""
