"""Trouble with connections and what comes over them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Direction, Drop, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.venues.okx.provocations._tools import okx

_UPGRADE_S = 60


@provocation("stream.drop", "okx.ws.private-resubscribe")
def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


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
    okx(controls).hub.announce_upgrade(controls.time())
    return Provoked(settles_s=Decimal(_UPGRADE_S))


@provocation("stream.silent-death", "okx.ws.goes-silent")
def silent(controls: Controls, symbol: str) -> Provoked:
    """The account's connections say nothing more."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("book.gap", "okx.book.seq-gap")
def book_gap(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost."""
    controls.add_rule(Rule(Match(Direction.STREAM, topic="book", instrument=symbol), Drop(), "change of the book lost"))
    return Provoked()
