"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast a machine is, or what else it does, is nothing that a test of ours may depend on.
settings.register_profile("venueproof", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("venueproof")
