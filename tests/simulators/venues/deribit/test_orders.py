"""Orders: placing, editing, cancelling, what is refused, what is told of them, and what is forgotten."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import FillOrder

from .client import BTC, USDC, Client, order

ETH = "ETH-PERPETUAL"


def _fill(client: Client, document: Any, lots: int, instrument: str = BTC) -> None:
    number = int(document["order_id"].rpartition("-")[2]) % 10**7
    client.command(FillOrder(instrument, number, lots))


@pytest.mark.quirk("deribit.order.contracts-from-price")
def test_amounts_are_dollars_or_coin_and_contracts_are_units_of_them(client: Client) -> None:
    inverse = client.buy(amount=100)
    assert (inverse["amount"], inverse["contracts"]) == (100.0, 10.0)
    linear = client.buy(instrument_name=USDC, amount=0.02)
    assert (linear["amount"], linear["contracts"]) == (0.02, 20.0)
    by_contracts = client.buy(amount=None, contracts=10)
    assert by_contracts["amount"] == 100.0
    assert client.buy(amount=100, contracts=10)["amount"] == 100.0
    assert client.refused("private/buy", **order(amount=100, contracts=9)) == (400, -32602)


@pytest.mark.quirk("deribit.inverse.reference-price")
@pytest.mark.quirk("deribit.order.price-market-price-string")
def test_a_market_order_carries_dollars_and_a_word_for_its_price(client: Client) -> None:
    answer = client.trade("buy", 600)
    assert (answer["order"]["price"], answer["order"]["amount"]) == ("market_price", 600.0)
    assert (answer["order"]["order_state"], answer["order"]["average_price"]) == ("filled", 60000.5)
    assert answer["trades"][0]["price"] == 60000.5


@pytest.mark.quirk("deribit.order.no-partial-status")
def test_an_order_is_open_until_it_ends(client: Client) -> None:
    placed = client.buy(amount=100)
    _fill(client, placed, 4)
    partly = client.ask("private/get_order_state", order_id=placed["order_id"])
    assert (partly["order_state"], partly["filled_amount"]) == ("open", 40.0)
    ended = client.ask("private/cancel", order_id=placed["order_id"])
    assert (ended["order_state"], ended["filled_amount"]) == ("cancelled", 40.0)
    assert ended["cancel_reason"] == "user_request"
    rest = client.buy(price=60000.5, amount=100_000, time_in_force="immediate_or_cancel")
    assert rest["order_state"] == "cancelled"
    assert 0 < rest["filled_amount"] < 100_000


@pytest.mark.quirk("deribit.rest.get-places-orders")
def test_get_places_orders_twice_when_it_comes_twice(client: Client) -> None:
    first = client.signed("private/buy", "n1", **order())
    second = client.signed("private/buy", "n2", **order())
    ids = {msgspec.json.decode(reply.body)["result"]["order"]["order_id"] for reply in (first, second)}
    assert len(ids) == 2
    assert len(client.ask("private/get_open_orders")) == 2


@pytest.mark.quirk("deribit.trade.timeout-unknown-result")
@pytest.mark.quirk("deribit.ids.label-not-client-id")
def test_labels_are_told_everywhere_and_not_unique(client: Client) -> None:
    assert client.buy()["label"] == ""
    first, second = client.buy(label="one & two"), client.buy(label="one & two", price=58000)
    assert first["label"] == second["label"] == "one & two"
    found = client.ask("private/get_order_state_by_label", currency="BTC", label="one & two")
    assert {row["order_id"] for row in found} == {first["order_id"], second["order_id"]}
    known: dict[str, object] = {"label": "one & two", "instrument_name": BTC, "amount": 50, "price": 58500}
    assert client.refused("private/edit_by_label", **known) == (400, 13032)
    assert client.ask("private/cancel_by_label", label="one & two") == 2
    third = client.buy(label="three")
    edited = client.ask("private/edit_by_label", **{**known, "label": "three"})["order"]
    assert (edited["order_id"], edited["price"]) == (third["order_id"], 58500.0)
    assert client.refused("private/buy", **order(label="x" * 65)) == (400, -32602)


@pytest.mark.quirk("deribit.order.amend-in-place")
def test_editing_keeps_the_id_and_takes_totals(client: Client) -> None:
    placed = client.buy(amount=100)
    _fill(client, placed, 4)
    edited = client.ask("private/edit", order_id=placed["order_id"], amount=60, price=58500)["order"]
    assert edited["order_id"] == placed["order_id"]
    assert (edited["amount"], edited["filled_amount"], edited["price"]) == (60.0, 40.0, 58500.0)
    assert edited["replaced"] is True
    client.ask("private/cancel", order_id=placed["order_id"])
    assert client.refused("private/edit", order_id=placed["order_id"], amount=60, price=58000) == (400, 10010)
    filled = client.trade()["order"]
    assert client.refused("private/edit", order_id=filled["order_id"], amount=200, price=58000) == (400, 11008)
    assert client.refused("private/cancel", order_id=filled["order_id"]) == (400, 11044)


@pytest.mark.quirk("deribit.order.edit-refused")
def test_an_order_may_refuse_to_be_edited(client: Client) -> None:
    placed = client.buy()
    client.venue.switch_quirk("deribit.order.edit-refused", True)
    known: dict[str, object] = {"order_id": placed["order_id"], "amount": 50, "price": 58500}
    assert client.refused("private/edit", **known) == (400, 10011)
    client.venue.switch_quirk("deribit.order.edit-refused", False)
    assert client.ask("private/edit", **known)["order"]["amount"] == 50


@pytest.mark.quirk("deribit.order.post-only-reprice")
@pytest.mark.quirk("deribit.order.refused-post-only")
def test_post_only_moves_the_price_unless_told_to_refuse(client: Client) -> None:
    moved = client.buy(price=60100, post_only=True)
    assert (moved["price"], moved["post_only"], moved["filled_amount"]) == (60000.0, True, 0.0)
    refused = client.refused("private/buy", **order(price=60100, post_only=True, reject_post_only=True))
    assert refused == (400, 11054)
    rests = client.buy(price=59000, post_only=True, reject_post_only=True)
    known: dict[str, object] = {"order_id": rests["order_id"], "amount": 100, "price": 60100}
    assert client.refused("private/edit", **known, post_only=True, reject_post_only=True) == (400, 11054)
    gone = client.ask("private/get_order_state", order_id=rests["order_id"])
    assert (gone["order_state"], gone["cancel_reason"]) == ("cancelled", "edit_post_only_reject")
    assert client.refused("private/buy", **order(type="market", price=None, post_only=True)) == (400, 11055)


@pytest.mark.quirk("deribit.order.refused-too-small")
@pytest.mark.quirk("deribit.order.refused-step")
@pytest.mark.quirk("deribit.order.refused-tick")
@pytest.mark.quirk("deribit.order.refused-band")
@pytest.mark.quirk("deribit.order.refused-margin")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 5}, 10002),
        ({"amount": 0}, 10021),
        ({"amount": 15}, 10027),
        ({"amount": 10**8}, 10018),
        ({"price": 59000.25}, 10043),
        ({"price": "59000.123456789"}, 10026),
        ({"price": 70000}, 10008),
        ({"price": 0}, 10023),
        ({"amount": 20_000_000}, 10009),
        ({"instrument_name": USDC, "amount": "0.0015"}, 10021),
        ({"instrument_name": "BTC-NOTHING"}, 13020),
        ({"type": "best"}, -32602),
        ({"time_in_force": "gtc"}, -32602),
        ({"valid_until": 1}, 13888),
        ({"reduce_only": True}, 11030),
        ({"price": 60100, "amount": 3_000_000, "time_in_force": "fill_or_kill"}, 11030),
        ({"advanced": "usd"}, 11038),
        ({"amount": None}, -32602),
        ({"linked_order_type": "one_triggers_other"}, 10033),
    ],
)
def test_what_cannot_be_is_refused(client: Client, changes: dict[str, object], code: int) -> None:
    assert client.refused("private/buy", **order(**changes)) == (400, code)
    assert client.ask("private/get_open_orders") == []


def test_a_band_names_its_limit(client: Client) -> None:
    assert client.error("private/buy", **order(price=70000))["message"] == "price_too_high4idx 63000.0"
    assert client.error("private/sell", **order(price=50000))["message"] == "price_too_low4idx 57000.0"


@pytest.mark.quirk("deribit.order.valid-until")
def test_an_order_may_come_too_late(client: Client) -> None:
    now_ms = client.time().wire_ms
    assert client.buy(valid_until=now_ms + 1000)["order_state"] == "open"
    assert client.refused("private/buy", **order(valid_until=now_ms - 1)) == (400, 13888)


@pytest.mark.quirk("deribit.sdk.bad-tif")
def test_a_misspelled_time_in_force_is_refused_and_flags_may_be_strings(client: Client) -> None:
    assert client.refused("private/buy", **order(time_in_force="good_till_cancelled")) == (400, -32602)
    session = client.log_on()
    placed = client.call(session, "private/buy", **order(post_only="true", reduce_only="false"))["order"]
    assert (placed["post_only"], placed["reduce_only"]) == (True, False)


@pytest.mark.quirk("deribit.order.unfilled-purged")
def test_what_ended_without_a_fill_is_soon_forgotten(client: Client) -> None:
    unfilled, partly = client.buy(), client.buy(amount=100)
    _fill(client, partly, 3)
    for one in (unfilled, partly):
        client.ask("private/cancel", order_id=one["order_id"])
    client.aged_ns += 31 * 60 * SECOND_NS
    assert client.refused("private/get_order_state", order_id=unfilled["order_id"]) == (400, 10004)
    assert client.ask("private/get_order_state", order_id=partly["order_id"])["filled_amount"] == 30.0


@pytest.mark.quirk("deribit.order.history-excludes-unfilled")
def test_the_history_leaves_out_what_was_not_filled(client: Client) -> None:
    unfilled = client.buy()
    client.ask("private/cancel", order_id=unfilled["order_id"])
    filled = client.trade()["order"]
    known: dict[str, object] = {"instrument_name": BTC}
    assert [row["order_id"] for row in client.ask("private/get_order_history_by_instrument", **known)] == [
        filled["order_id"]
    ]
    both = client.ask("private/get_order_history_by_instrument", include_unfilled=True, **known)
    assert {row["order_id"] for row in both} == {filled["order_id"], unfilled["order_id"]}
    first = client.ask(
        "private/get_order_history_by_currency", currency="BTC", include_unfilled=True, count=1, with_continuation=True
    )
    following = client.ask(
        "private/get_order_history_by_currency",
        currency="BTC",
        include_unfilled=True,
        count=1,
        with_continuation=True,
        continuation=first["continuation"],
    )
    assert following["continuation"] is None
    assert {first["orders"][0]["order_id"], following["orders"][0]["order_id"]} == {
        filled["order_id"],
        unfilled["order_id"],
    }


@pytest.mark.quirk("deribit.usertrades-default-count")
def test_trades_come_ten_at_a_time(client: Client) -> None:
    for _ in range(3):
        for _ in range(10):
            client.trade("buy", 10)
        client.wait(5)
    known: dict[str, object] = {"instrument_name": BTC}
    page = client.ask("private/get_user_trades_by_instrument", **known)
    assert (len(page["trades"]), page["has_more"]) == (10, True)
    every = client.ask("private/get_user_trades_by_instrument", count=1000, sorting="asc", **known)
    assert (len(every["trades"]), every["has_more"]) == (30, False)
    first = every["trades"][0]["trade_seq"]
    after = client.ask("private/get_user_trades_by_instrument", start_seq=first + 28, sorting="asc", **known)
    assert [row["trade_seq"] for row in after["trades"]] == [first + 28, first + 29]
    one = client.ask("private/get_user_trades_by_order", order_id=every["trades"][0]["order_id"])
    assert [row["trade_seq"] for row in one] == [first]


@pytest.mark.quirk("deribit.fees.perp-taker")
@pytest.mark.quirk("deribit.numbers.floats")
def test_takers_pay_and_makers_do_not(client: Client) -> None:
    taken = client.trade("buy", 100)["trades"][0]
    assert (taken["liquidity"], taken["fee_currency"], taken["matching_id"]) == ("T", "BTC", None)
    assert isinstance(taken["fee"], float)
    assert taken["fee"] == pytest.approx(0.0005 * 100 / 60000.5, abs=1e-8)
    placed = client.buy(amount=100)
    _fill(client, placed, 0)
    made = client.ask("private/get_user_trades_by_order", order_id=placed["order_id"])[0]
    assert (made["liquidity"], made["fee"]) == ("M", 0.0)


def test_ids_name_the_currency_unless_it_is_bitcoin(client: Client) -> None:
    assert client.buy()["order_id"].isdigit()
    assert client.buy(instrument_name=ETH, amount=5, price=2900)["order_id"].startswith("ETH-")
    assert client.buy(instrument_name=USDC, amount=0.01)["order_id"].startswith("USDC-")
    assert client.refused("private/get_order_state", order_id="2108380000099") == (400, 10004)
    assert client.refused("private/get_order_state", order_id="ETH-SLIS-1") == (400, 10004)
    assert client.refused("private/get_order_state", order_id="x y") == (400, 10025)


def test_an_order_of_another_account_is_not_shown(client: Client) -> None:
    placed = client.buy()
    client.keys = dict(client.venue.open_account("other", client.time()))
    assert client.refused("private/get_order_state", order_id=placed["order_id"]) == (400, 10029)
    assert client.ask("private/get_open_orders") == []


def test_everything_can_be_cancelled_at_once(client: Client) -> None:
    client.buy()
    client.buy(instrument_name=USDC, amount=0.01)
    client.stop()
    assert client.ask("private/cancel_all_by_instrument", instrument_name=USDC) == 1
    assert client.ask("private/cancel_all_by_currency", currency="BTC", type="stop_market") == 1
    client.stop()
    rows = client.ask("private/cancel_all", detailed=True)
    assert [(row["instrument_name"], len(row["result"])) for row in rows] == [(BTC, 2)]
    assert client.ask("private/cancel_all") == 0


def test_a_position_is_closed_by_one_method(client: Client) -> None:
    assert client.refused("private/close_position", instrument_name=BTC, type="market") == (400, 11030)
    client.trade("buy", 100)
    closed = client.ask("private/close_position", instrument_name=BTC, type="market")["order"]
    assert (closed["direction"], closed["reduce_only"], closed["filled_amount"]) == ("sell", True, 100.0)
    assert client.ask("private/get_positions") == []


def test_good_til_day_ends_with_the_session(client: Client) -> None:
    placed = client.buy(time_in_force="good_til_day")
    assert placed["time_in_force"] == "good_til_day"
    client.wait(20 * 3600)
    assert client.ask("private/get_open_orders") == []


def test_what_meets_an_order_of_its_own_account_cancels_it(client: Client) -> None:
    resting = client.buy(price=60000, amount=100)
    sold = client.ask("private/sell", **order(price=60000, amount=100))["order"]
    assert sold["order_state"] == "open"
    ended = client.ask("private/get_order_state", order_id=resting["order_id"])
    assert (ended["order_state"], ended["filled_amount"]) == ("cancelled", 0.0)
