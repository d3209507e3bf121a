"""OKX: a simulator of the v5 API."""
