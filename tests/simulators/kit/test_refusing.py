"""How operations refuse, are mounted twice, and read once."""

from __future__ import annotations

import itertools

import pytest

from venueproof_simulators.engine.events import Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.host.facts import ErrorRow, ErrorTable
from venueproof_simulators.host.routing import Route, RouteTable
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.bans import Bans
from venueproof_simulators.kit.refusing import VenueError, check_refused, each, worded
from venueproof_simulators.kit.routes import Seen, renamed
from venueproof_simulators.kit.signatures import base64_digest, hex_digest, same

ROW = ErrorRow("margin", 200, 110007, "no margin{parameter}", "test", refusal=Refusal.INSUFFICIENT_MARGIN)
EVENTS = [Refused("other", "BTC", "a", Refusal.NO_CHANGE), Refused("mine", "BTC", "a", Refusal.INSUFFICIENT_MARGIN)]


def test_a_refusal_of_the_engine_is_the_row_that_stands_for_it() -> None:
    errors = ErrorTable([ROW])
    with pytest.raises(VenueError) as raised:
        check_refused(EVENTS, "mine", errors)
    assert raised.value.key == "margin"
    with pytest.raises(VenueError) as raised:
        check_refused(EVENTS, "mine", errors, {Refusal.INSUFFICIENT_MARGIN: "leverage-margin"})
    assert raised.value.key == "leverage-margin"
    check_refused(EVENTS, "a third", errors)


def test_what_nobody_said_is_left_out_of_a_text() -> None:
    assert worded(ROW, {}) == "no margin"
    assert worded(ROW, {"parameter": " in x"}, {"parameter": " in y"}) == "no margin in x"
    assert worded(ROW, {}, {"parameter": " in y"}) == "no margin in y"


def test_an_item_that_is_refused_does_not_hold_up_the_others() -> None:
    def carry_out(item: str) -> str:
        if item != "good":
            raise VenueError(item)
        return "done"

    def refused(item: str, error: VenueError) -> str:
        return f"refused {item}"

    assert each(["bad", "good", "bad"], carry_out, refused) == ["refused bad", "done", "refused bad"]
    with pytest.raises(VenueError):
        each(["good", "too-many"], carry_out, refused, whole={"too-many"})


def test_an_operation_has_its_price_and_proof_under_every_name() -> None:
    rest = RouteTable([Route("POST", "/v5/order/create", "handler", "place", weight="order")])
    socket = renamed(rest, "trade", {"order.create": ("POST", "/v5/order/create")})
    found = socket.find("trade", "order.create")
    assert found is not None
    assert (found.route.handler, found.route.operation, found.route.weight) == ("handler", "place", "order")
    assert socket.find("trade", "order.cancel") is None
    with pytest.raises(LookupError):
        renamed(rest, "trade", {"order.cancel": ("POST", "/v5/order/cancel")})


def test_a_request_is_read_once_and_an_equal_one_again() -> None:
    times = itertools.count(1)

    def read(asked: list[int]) -> int:
        return next(times)

    seen: Seen[list[int], int] = Seen(read)
    first = [1]
    assert [seen.of(first), seen.of(first), seen.of([1])] == [1, 1, 2]


def test_a_ban_is_over_when_it_is_over() -> None:
    bans = Bans()
    bans.set("1.2.3.4", 10 * 10**9)
    with pytest.raises(VenueError) as raised:
        bans.check("1.2.3.4", VenueTime(0, 5 * 10**9, 9 * 10**9))
    assert raised.value.fields == {"until": 6000}
    bans.check("1.2.3.4", VenueTime(0, 0, 10 * 10**9))
    bans.check("5.6.7.8", VenueTime(0, 0, 0))


def test_digests_are_those_of_the_published_vectors() -> None:
    """RFC 4231, test case 2."""
    text = b"what do ya want for nothing?"
    assert hex_digest("Jefe", text).startswith("5bdcc146bf60754e6a042426089575c7")
    assert hex_digest(b"Jefe", text, "sha512").startswith("164b7a7bfcf819e2e395fbe73b56e0a3")
    assert base64_digest("Jefe", text).startswith("W9zBRr9gdU5qBCQmCJV1x")
    assert same("abc", "abc")
    assert not same("\udcff", "abc")
