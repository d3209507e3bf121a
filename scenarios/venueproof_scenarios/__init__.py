"""Recorded incidents as data, and what plays them."""
