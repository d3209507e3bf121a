"""Trouble with connections and what comes over them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Direction, Drop, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.venues.okx.venue import OkxVenue

_UPGRADE_S = 60


stream_reset = provocation("stream.drop", "okx.ws.private-resubscribe")(shown.stream_reset)


@provocation("stream.drop", "okx.ws.login-timeout")
def login_unanswered(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset, and the next login is not answered."""
    match = Match(Direction.STREAM, topic="session", contains='"event":"login"')
    controls.add_rule(Rule(match, Drop(), "login not answered"))
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.drop", "okx.ws.service-upgrade-notice")
def upgrade_announced(controls: Controls, symbol: str) -> Provoked:
    """Every connection is told that it will be closed, and is, a minute later."""
    shown.venue_of(controls, OkxVenue).hub.announce_upgrade(controls.time())
    return Provoked(settles_s=Decimal(_UPGRADE_S))


silent = provocation("stream.silent-death", "okx.ws.goes-silent")(shown.account_silent)
book_gap = provocation("book.gap", "okx.book.seq-gap")(shown.book_gap)
