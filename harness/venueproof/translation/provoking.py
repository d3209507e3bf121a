"""A venue's provocations as a bench offers them, and what one prepared in the contracts' words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from venueproof_contracts.actions import Operation
from venueproof_contracts.bench import IntentPatch, Provocation, Provoked
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import MarginMode
from venueproof_simulators.host import provoking, venue
from venueproof_simulators.host.facts import QuirkRow, Status, Verdict
from venueproof_simulators.host.venue import Profile


def on_in(row: QuirkRow, profile: Profile) -> bool:
    """Whether a row of the register holds in a profile. Rows that cannot be switched always do."""
    if row.status is not Status.SWITCH:
        return True
    return row.field if profile is Profile.FIELD else row.vendor


def refuted_rows(rows: Iterable[QuirkRow], profile: Profile) -> tuple[str, ...]:
    """Ids of the rows that are on in a profile although page and client refute them."""
    return tuple(
        row.id for row in rows if row.verdict is Verdict.REFUTED and row.status is Status.SWITCH and on_in(row, profile)
    )


def offered(
    found: Iterable[provoking.Provocation], rows: Mapping[str, QuirkRow], profile: Profile
) -> dict[Provocation, provoking.Provocation]:
    """The cases of a venue in one profile, each with the venue's own function."""
    return {
        Provocation(
            kind=one.kind,
            quirk=one.quirk,
            title=rows[one.quirk].title,
            refuted=rows[one.quirk].verdict is Verdict.REFUTED and on_in(rows[one.quirk], profile),
        ): one
        for one in found
        if one.quirk in rows and (one.either or on_in(rows[one.quirk], profile))
    }


def provoked(found: venue.Provoked) -> Provoked:
    """What a venue prepared. Raises `msgspec.ValidationError` when it uses a word that the contracts do not have."""
    return Provoked(
        reason=Reason(found.reason) if found.reason else None,
        intent=_patch(found.intent) if found.intent else None,
        operation=Operation(found.operation) if found.operation else None,
        leverage=found.leverage,
        margin_mode=MarginMode(found.margin_mode) if found.margin_mode else None,
        until_ns=found.until_ns,
        settles_s=found.settles_s,
    )


def _patch(changes: Mapping[str, object]) -> IntentPatch:
    return msgspec.convert(dict(changes), IntentPatch)
