"""Our own adapters, one folder per venue; each has a module `adapter` with `build(endpoint, credentials, parts)`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from venueproof_adapters.kit.parts import Parts
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import Credentials, Endpoint


def venues() -> list[str]:
    """The venues that have an adapter."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
    """The adapter of the endpoint's venue. Raises `LookupError` when there is none."""
    return make_adapter_with(endpoint, credentials, Parts())


def make_adapter_with(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """As `make_adapter`, built from other parts."""
    if endpoint.venue not in venues():
        raise LookupError(f"no native adapter for {endpoint.venue!r}; there is one for {', '.join(venues())}")
    adapter: Adapter = import_module(f"{__name__}.{endpoint.venue}.adapter").build(endpoint, credentials, parts)
    return adapter
