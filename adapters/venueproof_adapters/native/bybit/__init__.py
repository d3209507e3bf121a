"""Bybit V5 futures, linear and inverse, of unified accounts."""
