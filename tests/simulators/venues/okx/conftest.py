"""A venue in each profile, with a client that signs."""

from __future__ import annotations

import pytest

from venueproof_simulators.host.venue import Profile

from .client import Client


@pytest.fixture
def client() -> Client:
    """The venue as its pages describe it."""
    return Client(Profile.VENDOR)


@pytest.fixture
def field() -> Client:
    """The venue as people reported it."""
    return Client(Profile.FIELD)
