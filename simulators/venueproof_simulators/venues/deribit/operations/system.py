"""What needs nobody's identity and is about no market: time, versions, status, currencies."""

from __future__ import annotations

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Call
from venueproof_simulators.venues.deribit.wire.currencies import currency_document

_VERSION = "1.2.26"


def get_time(call: Call) -> int:
    """public/get_time."""
    return call.time.wire_ms


def test(call: Call) -> Document:
    """public/test: a sign of life."""
    if call.parameters.raw("expected_result") == "exception":
        raise VenueError("error")
    return version(call)


def version(call: Call) -> Document:
    """public/hello."""
    return {"version": _VERSION}


def status(call: Call) -> Document:
    """public/status: strings, by the schema."""
    locked = bool(call.desk.locked)
    indices = sorted({listing.index_name for listing in call.desk.listings.values()}) if locked else []
    return {"locked": "true" if locked else "false", "locked_indices": indices}


def get_currencies(call: Call) -> list[Document]:
    """public/get_currencies."""
    return [currency_document(one) for one in call.desk.currencies.values()]


def nothing(call: Call) -> list[Document]:
    """Lists of what there is none of here: announcements, combinations."""
    return []
