"""The adapter for Kraken Futures."""
