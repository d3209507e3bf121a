"""Where a venue's official origins are reached."""

from __future__ import annotations

from venueproof_contracts.model import Endpoint


def located(endpoint: Endpoint, official: str, otherwise: str) -> str:
    """An official origin itself through a proxy, else what the endpoint says stands for it, or `otherwise`."""
    return official if endpoint.proxy else endpoint.origins.get(official, otherwise).rstrip("/")
