"""What every part of an adapter stands on: clocks, chance, the way to the venue, what is known of its instruments."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import Clock
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events, State


class Ground(Struct, frozen=True):
    """All of it, for one adapter."""

    parts: Parts
    clock: Clock
    random: Random
    sync: ClockSync
    http: Http
    budget: Budget
    backoff: Backoff
    options: SocketOptions
    catalog: Catalog
    ids: IdMap
    events: Events
    state: State
