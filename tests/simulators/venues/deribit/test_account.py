"""The account: money by currency, positions, the end of a session, the transaction log."""

from __future__ import annotations

from decimal import Decimal

import pytest

from venueproof_simulators.engine.commands import PayFunding, SetMark

from .client import BTC, USDC, Client


@pytest.mark.quirk("deribit.account.per-currency-summaries")
@pytest.mark.quirk("deribit.margin.shared-per-currency")
def test_there_is_a_summary_for_each_currency(client: Client) -> None:
    told = client.ask("private/get_account_summaries", extended=True)
    assert [row["currency"] for row in told["summaries"]] == ["BTC", "ETH", "SOL", "USDC"]
    assert (told["username"], told["type"]) == ("trader", "main")
    assert not any("total" in name and "usd" in name for row in told["summaries"] for name in row)
    client.trade("buy", 6000)
    client.trade("buy", 0.1, USDC)
    rows = {row["currency"]: row for row in client.ask("private/get_account_summaries")["summaries"]}
    assert rows["BTC"]["initial_margin"] == pytest.approx(0.1 / 50, rel=0.01)
    assert rows["USDC"]["initial_margin"] == pytest.approx(6000 / 50, rel=0.01)
    assert rows["ETH"]["initial_margin"] == 0
    assert rows["BTC"]["limits"]["matching_engine"]["trading"]["total"] == {"burst": 20, "rate": 5}
    assert client.refused("private/get_account_summary", currency="DOGE") == (400, -32602)


@pytest.mark.quirk("deribit.position.inverse-maths")
@pytest.mark.quirk("deribit.position.pnl-percent-base")
@pytest.mark.quirk("deribit.position.inverse-sizing")
def test_inverse_sizes_are_dollars_and_profit_is_coin(client: Client) -> None:
    client.trade("buy", 6000)
    client.move(61000)
    position = client.ask("private/get_position", instrument_name=BTC)
    assert (position["size"], position["direction"], position["leverage"]) == (6000.0, "buy", 50)
    assert position["size_currency"] == pytest.approx(6000 / 61000, abs=1e-8)
    assert position["initial_margin"] == pytest.approx(6000 / 61000 / 50, abs=1e-7)
    profit = Decimal(6000) * (1 / Decimal("60000.5") - 1 / Decimal(61000))
    assert position["floating_profit_loss"] == pytest.approx(float(profit), abs=1e-7)
    assert not any("percent" in name or "roe" in name for name in position)


def test_a_linear_short_and_a_flat_position(client: Client) -> None:
    client.trade("sell", 0.5, USDC)
    client.move(59000, USDC)
    position = client.ask("private/get_position", instrument_name=USDC)
    assert (position["size"], position["direction"]) == (-0.5, "sell")
    assert position["floating_profit_loss"] == pytest.approx(0.5 * 999.5, abs=1)
    assert position["estimated_liquidation_price"] > 59000
    flat = client.ask("private/get_position", instrument_name=BTC)
    assert (flat["size"], flat["average_price"], flat["direction"]) == (0.0, 0.0, "zero")
    assert [row["instrument_name"] for row in client.ask("private/get_positions", currency="USDC")] == [USDC]


@pytest.mark.quirk("deribit.settlement.0800")
def test_a_session_ends_at_eight(client: Client) -> None:
    client.trade("buy", 6000)
    client.move(61000)
    client.ask("private/sell", instrument_name=BTC, amount=3000, type="market")
    before = client.ask("private/get_account_summary", currency="BTC")
    assert before["session_rpl"] > 0
    assert before["equity"] == pytest.approx(
        before["balance"] + before["session_rpl"] + before["session_upl"], abs=1e-8
    )
    left_s = (8 * 3600 - client.now_ns // 10**9) % 86_400
    client.wait(left_s)
    assert client.refused("private/buy", instrument_name=BTC, amount=10, type="market") == (400, 10041)
    assert client.ask("public/ticker", instrument_name=BTC)["state"] == "settlement"
    client.wait(5)
    assert client.trade("buy", 10)["order"]["order_state"] == "filled"
    after = client.ask("private/get_account_summary", currency="BTC")
    assert after["session_rpl"] == pytest.approx(0, abs=1e-8)
    assert after["balance"] > before["balance"]
    assert before["equity"] - 2e-5 < after["equity"] < before["equity"], "funding accrued"
    (row,) = client.ask("private/get_settlement_history_by_instrument", instrument_name=BTC)["settlements"]
    assert (row["type"], row["position"]) == ("settlement", 3000.0)
    assert row["session_profit_loss"] > 0


def test_funding_reaches_session_and_log(client: Client) -> None:
    client.trade("buy", 6000)
    client.command(PayFunding(BTC, 100_000))
    told = client.ask("private/get_account_summary", currency="BTC")
    assert told["futures_session_rpl"] < 0
    assert client.ask("private/get_position", instrument_name=BTC)["realized_funding"] < 0
    now = client.time().wire_ms
    known: dict[str, object] = {"currency": "BTC", "start_timestamp": now - 1000, "end_timestamp": now + 1000}
    log = client.ask("private/get_transaction_log", **known)
    assert [row["type"] for row in log["logs"]] == ["settlement", "trade"]
    assert log["logs"][0]["interest_pl"] < 0
    assert (log["logs"][1]["side"], log["logs"][1]["amount"]) == ("open buy", 6000.0)
    page = client.ask("private/get_transaction_log", count=1, **known)
    following = client.ask("private/get_transaction_log", count=1, continuation=page["continuation"], **known)
    assert [row["type"] for row in following["logs"]] == ["trade"]
    assert following["continuation"] is None


@pytest.mark.quirk("deribit.margin.model-rejected")
def test_the_margin_model_cannot_always_be_changed(client: Client) -> None:
    assert client.ask("private/change_margin_model", margin_model="segregated_sm")
    assert client.refused("private/change_margin_model", margin_model="cross_pm") == (400, 11042)
    placed = client.buy()
    assert client.error("private/change_margin_model", margin_model="cross_pm")["message"] == "other_reject open_orders"
    client.ask("private/cancel", order_id=placed["order_id"])
    client.trade("buy", 10)
    refused = client.error("private/change_margin_model", margin_model="segregated_sm")
    assert (refused["code"], refused["message"]) == (11030, "other_reject open_positions")


def test_margins_of_an_order_that_is_not_placed(client: Client) -> None:
    told = client.ask("private/get_margins", instrument_name=BTC, amount=6000, price=60000)
    assert told == {"buy": 0.002, "sell": 0.002, "min_price": 57000.0, "max_price": 63000.0}


def test_a_liquidation_is_told_as_one(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, "user.changes.any.any.raw")
    client.trade("buy", 3_000_000)
    client.told(session)
    client.move(40_000)
    told = client.told(session, "user.changes.any.any.raw")
    orders = [row for data in told for row in data["orders"]]
    trades = [row for data in told for row in data["trades"]]
    assert any(row["is_liquidation"] for row in orders)
    assert {row["liquidation"] for row in trades} == {"T"}
    assert told[-1]["positions"][0]["size"] < 3_000_000
    summary = client.ask("private/get_account_summary", currency="BTC")
    assert summary["equity"] < 1


def test_mark_and_index_move_apart(client: Client) -> None:
    client.trade("buy", 6000)
    client.command(SetMark(BTC, mark_ticks=2 * 60_600, index_ticks=2 * 60_300))
    ticker = client.ask("public/ticker", instrument_name=BTC)
    assert (ticker["mark_price"], ticker["index_price"]) == (60_600.0, 60_300.0)
    position = client.ask("private/get_position", instrument_name=BTC)
    assert (position["mark_price"], position["index_price"]) == (60_600.0, 60_300.0)
    fill = client.trade("sell", 100)["trades"][0]
    assert (fill["mark_price"], fill["index_price"], fill["price"]) == (60_600.0, 60_300.0, 59_999.5)
    assert fill["profit_loss"] < 0
