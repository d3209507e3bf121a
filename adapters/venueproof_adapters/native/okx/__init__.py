"""OKX swaps, linear and inverse."""
