"""Kraken Derivatives ("Kraken Futures"): linear multi-collateral, inverse single-collateral and dated contracts."""
