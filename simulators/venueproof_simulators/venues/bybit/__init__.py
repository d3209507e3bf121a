"""Bybit V5: linear and inverse perpetual contracts of a unified trading account."""
