"""Conditional orders: their own ids, what waits, what fires, what is left."""

from __future__ import annotations

import pytest

from .client import SWAP, Client, algo

PLACE, CANCEL = "trade/order-algo", "trade/cancel-algos"


@pytest.mark.quirk("okx.order.native-trailing")
def test_a_trailing_stop_goes_by_a_part_of_the_price_or_by_an_amount(client: Client) -> None:
    trail = {"ordType": "move_order_stop", "slTriggerPx": None, "slOrdPx": None}
    client.market(sz="2")
    part = client.algo(**trail, callbackRatio="0.01")
    amount = client.algo(**trail, callbackSpread="500", activePx="60500")
    assert client.algo_row(part)["moveTriggerPx"] == "59400"
    assert client.algo_row(amount)["moveTriggerPx"] == ""
    client.move("61000")
    told = [client.algo_row(one)["moveTriggerPx"] for one in (part, amount)]
    assert told == ["60390", "60500"]
    client.move("60450")
    assert [client.algo_row(one)["state"] for one in (part, amount)] == ["live", "effective"]
    client.move("60380")
    assert client.ask("account/positions") == []


@pytest.mark.quirk("okx.ws.algo-channel-split")
def test_trailing_orders_are_told_on_a_channel_of_their_own(client: Client) -> None:
    session = client.login("business")
    for channel in ("orders-algo", "algo-advance"):
        client.subscribe(session, channel, instType="SWAP")
    client.heard[session].clear()
    client.algo(ordType="move_order_stop", slTriggerPx=None, slOrdPx=None, callbackRatio="0.01")
    client.algo()
    pushed = [(one["arg"]["channel"], one["data"][0]["ordType"]) for one in client.take(session)]
    assert pushed == [("algo-advance", "move_order_stop"), ("orders-algo", "conditional")]
    late = client.login("business")
    client.subscribe(late, "algo-advance", instType="SWAP")
    assert [row["ordType"] for row in client.rows(late, "algo-advance")] == ["move_order_stop"], (
        "a snapshot comes first"
    )


@pytest.mark.quirk("okx.ws.algo-new-ordid")
def test_what_fires_becomes_an_order_with_an_id_of_its_own(client: Client) -> None:
    client.market()
    algo_id = client.algo(algoClOrdId="t1")
    client.move("58000")
    told = client.algo_row(algo_id)
    assert (told["state"], told["actualSide"], told["ordIdList"]) == ("effective", "sl", [told["ordId"]])
    became = client.order(told["ordId"])
    assert (became["algoId"], became["algoClOrdId"], became["state"]) == (algo_id, "t1", "filled")
    assert told["ordId"] != algo_id


@pytest.mark.quirk("okx.tp-sl.leftovers")
def test_a_stop_outlives_its_position_unless_it_is_bound_to_it(client: Client) -> None:
    client.market(sz="2")
    alone, bound = client.algo(), client.algo(slTriggerPx="57000", cxlOnClosePos=True)
    client.post("trade/close-position", {"instId": SWAP, "mgnMode": "cross"})
    assert [client.algo_row(one)["state"] for one in (alone, bound)] == ["live", "canceled"]


@pytest.mark.quirk("okx.algo.trigger-there")
@pytest.mark.quirk("okx.algo.callback-range")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slTriggerPx": "61000"}, "51280"),
        ({"slTriggerPx": "59000", "side": "buy"}, "51278"),
        ({"slTriggerPx": None, "slOrdPx": None, "tpTriggerPx": "59000", "tpOrdPx": "-1"}, "51279"),
        ({"slTriggerPx": None, "slOrdPx": None, "tpTriggerPx": "61000", "tpOrdPx": "-1", "side": "buy"}, "51277"),
        ({"slOrdPx": None}, "50014"),
        ({"slTriggerPx": "58000.05"}, "51000"),
        ({"ordType": "twap"}, "51000"),
        ({"ordType": "oco"}, "51000"),
        ({"slTriggerPxType": "nonsense"}, "51000"),
        ({"ordType": "move_order_stop", "callbackRatio": "0.0001"}, "51257"),
        ({"ordType": "move_order_stop"}, "50015"),
        ({"ordType": "move_order_stop", "callbackRatio": "0.01", "activePx": "59000"}, "51258"),
        ({"closeFraction": "0.5", "sz": None}, "51000"),
        ({"closeFraction": "1", "sz": None, "reduceOnly": None}, "51328"),
        ({"closeFraction": "1", "sz": None, "slOrdPx": "57000"}, "51330"),
        ({"sz": None}, "50014"),
    ],
)
def test_bad_conditional_orders_are_refused_in_their_row(client: Client, change: dict[str, object], code: str) -> None:
    assert client.row_code(PLACE, algo(**change)) == code
    assert client.venue.engine.waiting(client.venue.account) == []


def test_of_two_sides_one_ends_when_the_other_fires(client: Client) -> None:
    session = client.login("business")
    client.subscribe(session, "orders-algo", instType="SWAP")
    client.market()
    client.heard[session].clear()
    both = client.algo(ordType="oco", tpTriggerPx="61000", tpOrdPx="-1")
    client.move("61000")
    told = client.algo_row(both)
    assert (told["state"], told["actualSide"], told["tpTriggerPx"], told["slTriggerPx"]) == (
        "effective",
        "tp",
        "61000",
        "58000",
    )
    assert client.venue.engine.waiting(client.venue.account) == []
    assert [row["state"] for row in client.rows(session, "orders-algo")] == ["live", "effective"]


def test_a_trigger_order_fires_from_where_the_price_is(client: Client) -> None:
    opening = {"ordType": "trigger", "slTriggerPx": None, "slOrdPx": None, "side": "buy", "reduceOnly": None}
    ids = [client.algo(**opening, triggerPx=px, orderPx="-1") for px in ("60500", "59500")]
    client.move("60500")
    assert [client.algo_row(one)["state"] for one in ids] == ["effective", "live"]
    client.move("59500")
    assert [client.algo_row(one)["state"] for one in ids] == ["effective", "effective"]
    assert client.position()["pos"] == "2"


def test_all_of_a_position_is_closed_by_a_fraction_of_one(client: Client) -> None:
    client.market(sz="1")
    closing = client.algo(closeFraction="1", sz=None)
    client.market(sz="2")
    assert [one["algoId"] for one in client.position()["closeOrderAlgo"]] == [closing]
    client.move("58000")
    assert client.ask("account/positions") == []


def test_conditional_orders_are_listed_by_kind_newest_first(client: Client) -> None:
    first, second = client.algo(), client.algo(slTriggerPx="57000")
    rows = client.ask("trade/orders-algo-pending", ordType="conditional")
    assert [row["algoId"] for row in rows] == [second, first]
    assert client.ask("trade/orders-algo-pending", ordType="conditional,oco", after=second) == rows[1:]
    assert client.ask("trade/orders-algo-pending", ordType="trigger") == []
    assert client.refused("GET", "trade/orders-algo-pending")[1] == "50014"
    assert client.refused("GET", "trade/orders-algo-history", {"ordType": "conditional"})[1] == "50015"
    client.post(CANCEL, [{"instId": SWAP, "algoId": first}])
    ended = client.ask("trade/orders-algo-history", ordType="conditional", state="canceled")
    assert [(row["algoId"], row["state"]) for row in ended] == [(first, "canceled")]


def test_canceling_conditional_orders_row_by_row(client: Client) -> None:
    one, trail = (
        client.algo(),
        client.algo(ordType="move_order_stop", slTriggerPx=None, slOrdPx=None, callbackRatio="0.01", algoClOrdId="t2"),
    )
    _, document = client.signed("POST", CANCEL, [{"instId": SWAP, "algoId": one}, {"instId": SWAP, "algoId": "1"}])
    assert (document["code"], [row["sCode"] for row in document["data"]]) == ("2", ["0", "51400"])
    client.post("trade/cancel-advance-algos", [{"instId": SWAP, "algoClOrdId": "t2"}])
    assert [client.algo_row(algo_id)["state"] for algo_id in (one, trail)] == ["canceled", "canceled"]
    assert client.refused("POST", CANCEL, [{"instId": SWAP, "algoId": one}] * 11)[1] == "51111"


def test_amending_a_conditional_order(client: Client) -> None:
    algo_id = client.algo()
    change = {"instId": SWAP, "algoId": algo_id, "newSlTriggerPx": "57000", "newSz": "2", "reqId": "r1"}
    assert client.post("trade/amend-algos", change)[0]["reqId"] == "r1"
    told = client.algo_row(algo_id)
    assert (told["slTriggerPx"], told["sz"], told["state"]) == ("57000", "2", "live")
    assert client.row_code("trade/amend-algos", change | {"newSlTriggerPx": "61000"}) == "51280"
    assert client.row_code("trade/amend-algos", {"instId": SWAP, "algoId": algo_id}) == "51500"
    assert client.row_code("trade/amend-algos", change | {"algoId": "1"}) == "51503"
