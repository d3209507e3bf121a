"""Listen keys over REST: an API key is enough, no signature is asked for."""

from __future__ import annotations

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call


def start(call: Call) -> Document:
    """POST listenKey: the key in force, extended, or a new one."""
    return {"listenKey": call.desk.listen_keys.create(call.account.name, call.product.name, call.time)}


def keep_alive(call: Call) -> Document:
    """PUT listenKey."""
    _check_named(call)
    key = call.desk.listen_keys.renew(call.account.name, call.product.name, call.time)
    if key is None:
        raise VenueError("listen-key-unknown")
    return {"listenKey": key}


def close(call: Call) -> Document:
    """DELETE listenKey: every stream on it ends."""
    _check_named(call)
    if not call.desk.listen_keys.delete(call.account.name, call.product.name, call.time):
        raise VenueError("listen-key-unknown")
    return {}


def _check_named(call: Call) -> None:
    """No parameter is asked for, but clients name the key that they hold: it must be in force, and the caller's own.

    That a stale or foreign one is refused as unknown is inferred.
    """
    named = call.parameters.raw("listenKey")
    if named:
        owner = call.desk.listen_keys.owner(named)
        if owner is None or not owner.hears(call.account.name, call.product.name):
            raise VenueError("listen-key-unknown")
