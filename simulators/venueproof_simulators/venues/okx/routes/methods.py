"""WebSocket mounts operations on orders: which `op` asks for what.

Source: the vendor's page on order entry over WebSocket; ccxt 4.5.90.
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.venues.okx.limits import AMEND, CANCEL, PLACE
from venueproof_simulators.venues.okx.operations import orders
from venueproof_simulators.venues.okx.routes.table import Endpoint

Named = tuple[str, Endpoint]
"""The neutral word, and what is carried out."""
METHODS: Mapping[str, Named] = {
    "order": ("place", Endpoint(orders.place, PLACE)),
    "batch-orders": ("place_many", Endpoint(orders.place_many, PLACE, batch=True)),
    "amend-order": ("amend", Endpoint(orders.amend, AMEND)),
    "batch-amend-orders": ("amend", Endpoint(orders.amend_many, AMEND, batch=True)),
    "cancel-order": ("cancel", Endpoint(orders.cancel, CANCEL)),
    "batch-cancel-orders": ("cancel", Endpoint(orders.cancel_many, CANCEL, batch=True)),
    "mass-cancel": ("cancel_all", Endpoint(orders.mass_cancel)),
}
"""Every operation on orders."""


def word_of(named: Named, rows: tuple[Parameters, ...]) -> str:
    """The neutral word for what is asked: a batch of one is no batch."""
    return "place" if named[0] == "place_many" and len(rows) == 1 else named[0]
