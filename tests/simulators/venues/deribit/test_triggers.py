"""Trigger orders: how they wait, what they become, trailing ones, linked ones, and what is refused."""

from __future__ import annotations

import pytest

from .client import BTC, USDC, Client, order, trigger


@pytest.mark.quirk("deribit.order.untriggered-sparse")
def test_an_untriggered_order_lacks_fields(client: Client) -> None:
    waiting = client.stop(label="s", reduce_only=False)
    assert not {"filled_amount", "average_price"} & set(waiting)
    assert (waiting["order_state"], waiting["price"], waiting["triggered"]) == ("untriggered", "market_price", False)
    assert (waiting["trigger"], waiting["trigger_price"], waiting["label"]) == ("last_price", 58000.0, "s")
    limit = client.stop(type="stop_limit", price=57900)
    assert (limit["order_type"], limit["price"]) == ("stop_limit", 57900.0)


@pytest.mark.parametrize(
    ("changes", "prefix"),
    [
        ({}, "SLTS-"),
        ({"trigger": "mark_price"}, "SLMS-"),
        ({"trigger": "index_price"}, "SLIS-"),
        ({"type": "take_market", "trigger_price": 62000}, "TPTS-"),
        ({"instrument_name": USDC, "amount": 0.01}, "USDC-SLTS-"),
    ],
)
def test_ids_say_what_is_watched(client: Client, changes: dict[str, object], prefix: str) -> None:
    assert client.stop(**changes)["order_id"].startswith(prefix)


@pytest.mark.quirk("deribit.ids.trigger-id-changes")
def test_what_fires_becomes_an_order_with_another_id(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, "user.orders.any.any.raw")
    waiting = client.stop(label="s")
    client.told(session)
    client.move(57900)
    became = client.told(session, "user.orders.any.any.raw")[-1]
    assert became["order_id"] != waiting["order_id"]
    assert (became["trigger_order_id"], became["triggered"]) == (waiting["order_id"], True)
    assert (became["order_state"], became["label"]) == ("filled", "s")
    before = client.ask("private/get_order_state", order_id=waiting["order_id"])
    assert (before["order_state"], before["triggered"]) == ("triggered", True)
    entry = client.ask("private/get_trigger_order_history", currency="BTC")["entries"][0]
    assert (entry["trigger_order_id"], entry["order_id"]) == (waiting["order_id"], became["order_id"])


def test_one_that_fires_with_nothing_to_reduce_was_not_cancelled_by_its_owner(client: Client) -> None:
    waiting = client.stop(reduce_only=True)
    client.move(57900)
    ended = client.ask("private/get_order_state", order_id=waiting["order_id"])
    assert ended["order_state"] == "cancelled"
    assert ended.get("cancel_reason") != "user_request"


@pytest.mark.quirk("deribit.orders.open-includes-untriggered")
def test_open_orders_include_what_waits(client: Client) -> None:
    placed, waiting = client.buy(), client.stop()
    every = client.ask("private/get_open_orders_by_instrument", instrument_name=BTC)
    assert {row["order_id"] for row in every} == {placed["order_id"], waiting["order_id"]}
    plain = client.ask("private/get_open_orders_by_instrument", instrument_name=BTC, type="limit")
    assert [row["order_id"] for row in plain] == [placed["order_id"]]
    stops = client.ask("private/get_open_orders_by_currency", currency="BTC", type="trigger_all")
    assert [row["order_id"] for row in stops] == [waiting["order_id"]]


@pytest.mark.quirk("deribit.order.native-trailing")
def test_a_trailing_stop_follows_by_a_distance_in_price(client: Client) -> None:
    client.trade("buy", 100)
    known: dict[str, object] = {"type": "trailing_stop", "trigger_offset": 500, "reduce_only": True}
    waiting = client.stop(**known, trigger_price=None)
    assert (waiting["order_type"], waiting["trigger_offset"]) == ("trailing_stop", 500.0)
    client.move(61000)
    moved = client.ask("private/get_order_state", order_id=waiting["order_id"])
    assert moved["trigger_price"] == pytest.approx(60500, abs=10)
    client.move(60700)
    assert len(client.ask("private/get_open_orders")) == 1
    client.move(60400)
    assert client.ask("private/get_positions") == []


@pytest.mark.quirk("deribit.order.oco-linked")
def test_linked_orders_cancel_each_other_and_single_ones_do_not(client: Client) -> None:
    client.trade("buy", 200)
    other = '[{"type":"take_market","trigger":"last_price","trigger_price":59000}]'
    session = client.log_on()
    answer = client.call(
        session,
        "private/sell",
        **trigger(linked_order_type="one_cancels_other"),
        otoco_config=[{"type": "take_market", "trigger": "last_price", "trigger_price": 62000}],
    )
    linked = [answer["order"]["order_id"], *(row["order_id"] for row in answer["oco_orders"])]
    assert answer["order"]["oco_ref"] == answer["oco_orders"][0]["oco_ref"]
    single = client.stop(type="take_market", trigger_price=63000)["order_id"]
    client.move(57900)
    states = [client.ask("private/get_order_state", order_id=one) for one in (*linked, single)]
    assert [state["order_state"] for state in states] == ["triggered", "cancelled", "untriggered"]
    assert states[1]["cancel_reason"] == "oco_other_closed"
    pair = trigger(linked_order_type="one_cancels_other", trigger_price=57000, otoco_config=other)
    by_query = client.ask("private/sell", **pair)
    assert [row["order_type"] for row in by_query["oco_orders"]] == ["take_market"]
    for bad in ("5", "x", '["take_market"]', "{}"):
        sent = trigger(linked_order_type="one_cancels_other", otoco_config=bad)
        assert client.refused("private/sell", **sent) == (400, -32602)


def test_a_trigger_order_is_edited_and_cancelled(client: Client) -> None:
    waiting = client.stop()
    edited = client.ask("private/edit", order_id=waiting["order_id"], amount=50, trigger_price=57500)["order"]
    assert (edited["order_id"], edited["trigger_price"], edited["amount"]) == (waiting["order_id"], 57500.0, 50.0)
    assert client.ask("private/cancel", order_id=waiting["order_id"])["order_state"] == "cancelled"
    assert client.refused("private/cancel", order_id=waiting["order_id"]) == (400, 11044)


@pytest.mark.quirk("deribit.trigger.refused-at-once")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trigger_price": 62000}, 11036),
        ({"trigger": None}, -32602),
        ({"trigger": "any"}, -32602),
        ({"trigger_price": None}, -32602),
        ({"trigger_price": 58000.1}, 10044),
        ({"type": "stop_limit"}, -32602),
        ({"type": "trailing_stop"}, -32602),
    ],
)
def test_what_cannot_wait_is_refused(client: Client, changes: dict[str, object], code: int) -> None:
    assert client.refused("private/sell", **trigger(**changes)) == (400, code)


@pytest.mark.quirk("deribit.trigger.stuck")
def test_a_trigger_order_may_hang(client: Client) -> None:
    waiting = client.stop()
    client.venue.switch_quirk("deribit.trigger.stuck", True)
    client.move(57900)
    stuck = client.ask("private/get_order_state", order_id=waiting["order_id"])
    assert stuck["order_state"] == "untriggered"
    client.venue.switch_quirk("deribit.trigger.stuck", False)
    client.buy(price=57500)
    client.wait(1)
    assert client.ask("private/get_order_state", order_id=waiting["order_id"])["order_state"] == "triggered"


def test_an_order_that_filled_triggers_two_that_cancel_each_other(client: Client) -> None:
    session = client.log_on()
    stop = {"type": "stop_market", "trigger": "last_price", "trigger_price": 58000, "reduce_only": True}
    take = {"type": "limit", "price": 60500, "reduce_only": True}
    linked = {"linked_order_type": "one_triggers_one_cancels_other", "otoco_config": [stop, take]}
    entry = order(price=60000.5, trigger_fill_condition="complete_fill", **linked)
    placed = client.call(session, "private/buy", **entry)["order"]
    assert (placed["order_state"], placed["is_primary_otoco"]) == ("filled", True)
    live = {row["order_type"]: row for row in client.ask("private/get_open_orders")}
    assert {row["direction"] for row in live.values()} == {"sell"}
    assert live["limit"]["oco_ref"] == live["stop_market"]["oco_ref"]
    client.move(57900)
    assert client.ask("private/get_open_orders") == []
    assert client.ask("private/get_positions") == []
    assert client.fails(session, "private/buy", **order(**linked)) == 10033
