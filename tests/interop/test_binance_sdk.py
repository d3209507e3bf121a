"""Binance's own typed SDK, unmodified, REST and streams, against a simulator in a process of its own.

Its models are strict: a wrong JSON type is logged as a warning and not raised, so each test listens for those.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import BadRequestError, NotFoundError, UnauthorizedError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures

from .conftest import Serve, Served
from .typed_models import Calls, fit, hear, market_streams, missing, next_event, streams_of, unknown, whole

pytestmark = pytest.mark.interop

SYMBOL = "BTCUSDT"
INSTRUMENT = "BTC/USDT:USDT"
Rest = Any


@pytest.fixture(autouse=True)
def no_model_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The SDK says nothing louder than INFO: every answer fits its model."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def _sdk(served: Served, **credentials: str) -> DerivativesTradingUsdsFutures:
    keys = {"api_key": served.credentials["apiKey"], "api_secret": served.credentials["secret"]} | credentials
    return DerivativesTradingUsdsFutures(
        config_rest_api=ConfigurationRestAPI(**keys, base_path=served.rest, retries=0),
        config_ws_api=ConfigurationWebSocketAPI(
            **keys, stream_url=f"{served.ready['origins']['wss://ws-fapi.binance.com']}/ws-fapi/v1"
        ),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=served.ws),
    )


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve("binance", "--seed", "7")


@pytest.fixture
def rest(served: Served) -> Iterator[Rest]:
    api = _sdk(served).rest_api
    yield api
    api._session.close()


def _price(rest: Rest, percent: int) -> float:
    book = whole(rest.order_book(symbol=SYMBOL, limit=5).data())
    return float((Decimal(book.bids[0][0]) * percent / 100).quantize(Decimal("0.1")))


def _buy(rest: Rest, percent: int) -> Any:
    return rest.new_order(
        symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.02, price=_price(rest, percent)
    ).data()


MARKET_CALLS: Calls = (
    ("check_server_time", {}),
    ("recent_trades_list", {"symbol": SYMBOL}),
    ("old_trades_lookup", {"symbol": SYMBOL}),
    ("compressed_aggregate_trades_list", {"symbol": SYMBOL}),
    ("mark_price", {"symbol": SYMBOL}),
    ("get_funding_rate_history", {"symbol": SYMBOL}),
    ("ticker24hr_price_change_statistics", {"symbol": SYMBOL}),
    ("symbol_price_ticker", {"symbol": SYMBOL}),
    ("symbol_price_ticker_v2", {"symbol": SYMBOL}),
    ("symbol_order_book_ticker", {"symbol": SYMBOL}),
    ("open_interest", {"symbol": SYMBOL}),
    ("open_interest_statistics", {"symbol": SYMBOL, "period": "5m"}),
    ("adl_risk", {"symbol": SYMBOL}),
)
"""Public calls whose model lists exactly what the venue sends."""

ACCOUNT_CALLS: Calls = (
    ("futures_account_balance_v2", {}),
    ("futures_account_balance_v3", {}),
    ("account_information_v3", {}),
    ("position_information_v2", {}),
    ("position_information_v3", {}),
    ("futures_account_configuration", {}),
    ("symbol_configuration", {}),
    ("notional_and_leverage_brackets", {}),
    ("user_commission_rate", {"symbol": SYMBOL}),
    ("query_user_rate_limit", {}),
    ("get_current_position_mode", {}),
    ("get_current_multi_assets_mode", {}),
    ("get_bnb_burn_status", {}),
    ("account_trade_list", {"symbol": SYMBOL}),
    ("get_income_history", {}),
)
"""Calls about the account whose model lists exactly what the venue sends."""


def test_market_data_fits_its_models(rest: Rest) -> None:
    fit(rest, MARKET_CALLS)


def test_markets_and_candles(rest: Rest) -> None:
    info = rest.exchange_information().data()
    assert unknown(info) == {"futuresType": "U_MARGINED"}
    assert SYMBOL in {symbol.symbol for symbol in info.symbols}
    candles = rest.kline_candlestick_data(symbol=SYMBOL, interval="1m", limit=20).data()
    assert [later[0] - earlier[0] for earlier, later in pairwise(candles)] == [60_000] * 19
    assert {tuple(map(type, row)) for row in candles} == {(int, *[str] * 5, int, str, int, str, str, str)}
    assert len(rest.mark_price().data().actual_instance) == len(info.symbols)


def test_whole_life(served: Served, rest: Rest) -> None:
    order = whole(_buy(rest, 98))
    assert (order.status, order.executed_qty) == ("NEW", "0.000")
    served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order.order_id), amount="0.005")
    partly = rest.query_order(symbol=SYMBOL, order_id=order.order_id).data()
    assert (partly.status, partly.executed_qty) == ("PARTIALLY_FILLED", "0.005")
    assert Decimal(partly.avg_price) == Decimal(order.price)

    lower = _price(rest, 97)
    amended = whole(
        rest.modify_order(
            symbol=SYMBOL, order_id=order.order_id, side="BUY", quantity=0.02, price=lower, modify_id=5
        ).data()
    )
    assert (amended.order_id, float(amended.price), amended.modify_id) == (order.order_id, lower, 5)
    [history] = rest.get_order_modify_history(symbol=SYMBOL, order_id=order.order_id).data()
    assert (history.amendment.price.before, history.amendment.modify_id) == (order.price, 5)
    [listed] = rest.current_all_open_orders(symbol=SYMBOL).data()
    assert listed.order_id == order.order_id
    canceled = rest.cancel_order(symbol=SYMBOL, order_id=order.order_id).data()
    assert (canceled.status, canceled.executed_qty) == ("CANCELED", "0.005")
    assert rest.current_all_open_orders(symbol=SYMBOL).data() == []

    fit(rest, ACCOUNT_CALLS)
    [position] = rest.position_information_v3(symbol=SYMBOL).data()
    assert (position.position_amt, position.entry_price) == (
        "0.005",
        str(Decimal(order.price).quantize(Decimal("0.1"))),
    )

    closed = whole(
        rest.new_order(
            symbol=SYMBOL, side="SELL", type="MARKET", quantity=0.005, reduce_only="true", new_order_resp_type="RESULT"
        ).data()
    )
    assert (closed.status, closed.executed_qty) == ("FILLED", "0.005")
    assert rest.position_information_v3(symbol=SYMBOL).data() == []
    fills = rest.account_trade_list(symbol=SYMBOL).data()
    assert [(fill.side, fill.qty, fill.maker) for fill in fills] == [("BUY", "0.005", True), ("SELL", "0.005", False)]
    kinds = [row.income_type for row in rest.get_income_history(symbol=SYMBOL).data()]
    assert sorted(kinds) == ["COMMISSION", "COMMISSION", "REALIZED_PNL"]


def test_batches(rest: Rest) -> None:
    good = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "newClientOrderId": "b-1"}
    good |= {"quantity": "0.02", "price": str(_price(rest, 98))}
    placed, refused = rest.place_multiple_orders(batch_orders=[good, good | {"quantity": "0.0001"}]).data()
    assert (placed.client_order_id, refused.code) == ("b-1", -1111)
    canceled, unknown = rest.cancel_multiple_orders(symbol=SYMBOL, orig_client_order_id_list=["b-1", "b-2"]).data()
    assert (canceled.status, unknown.code) == ("CANCELED", -2011)
    stopped = whole(rest.auto_cancel_all_open_orders(symbol=SYMBOL, countdown_time=0).data())
    assert stopped.countdown_time == "0"


def _stop(rest: Rest, percent: int, **changes: Any) -> Any:
    arguments = {"type": "STOP_MARKET", "quantity": 0.02, "trigger_price": _price(rest, percent)} | changes
    return rest.new_algo_order(algo_type="CONDITIONAL", symbol=SYMBOL, side="SELL", **arguments).data()


def _without_iceberg(model: Any) -> Any:
    """The same model, whole but for the one field that is null."""
    assert (unknown(model), missing(model)) == ({}, {"iceberg_quantity"})
    return model


def test_conditional_orders(served: Served, rest: Rest) -> None:
    placed = _without_iceberg(_stop(rest, 98))
    assert (placed.algo_status, placed.order_type, placed.quantity) == ("NEW", "STOP_MARKET", "0.020")
    trailing = _without_iceberg(
        _stop(rest, 98, type="TRAILING_STOP_MARKET", trigger_price=None, callback_rate=1.5, quantity=0.02)
    )
    assert (trailing.callback_rate, trailing.close_position) == ("1.5", False)
    with pytest.raises(BadRequestError) as refused:
        _stop(rest, 102)
    assert refused.value.status_code == -2021
    assert len(rest.current_all_algo_open_orders().data()) == 2
    canceled = whole(rest.cancel_algo_order(algo_id=trailing.algo_id).data())
    assert (canceled.code, canceled.algo_id) == ("200", trailing.algo_id)
    served.do("set_price", instrument=INSTRUMENT, price=str(_price(rest, 97)))
    lists = (rest.query_all_algo_orders(symbol=SYMBOL).data() for _ in range(100))
    listed = [_without_iceberg(row) for row in next(rows for rows in lists if rows[0].algo_status == "FINISHED")]
    assert [row.algo_status for row in listed] == ["FINISHED", "CANCELED"]
    asked = _without_iceberg(rest.query_algo_order(algo_id=placed.algo_id).data())
    assert (asked.actual_order_id, asked.actual_type, asked.actual_qty) == ("1", "MARKET", "0.020")
    assert rest.query_order(symbol=SYMBOL, order_id=1).data().orig_type == "STOP_MARKET"
    _stop(rest, 98)
    assert whole(rest.cancel_all_algo_open_orders(symbol=SYMBOL).data()).code == 200
    assert rest.current_all_algo_open_orders().data() == []


def test_isolated_margin_and_hedge_mode(rest: Rest) -> None:
    assert rest.change_position_mode(dual_side_position="true").data().code == 200
    assert rest.get_current_position_mode().data().dual_side_position is True
    rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED")
    rest.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.02, position_side="LONG")
    moved = whole(rest.modify_isolated_position_margin(symbol=SYMBOL, amount=12.5, type=1, position_side="LONG").data())
    assert (moved.amount, moved.type) == (12.5, 1)
    [listed] = rest.get_position_margin_change_history(symbol=SYMBOL).data()
    assert (whole(listed).amount, listed.position_side, listed.delta_type) == ("12.50000000", "LONG", "USER_ADJUST")
    rows = [whole(row) for row in rest.position_information_v3(symbol=SYMBOL).data()]
    assert [(row.position_side, row.position_amt) for row in rows] == [("LONG", "0.020"), ("SHORT", "0.000")]
    assert rest.users_force_orders().data() == []
    with pytest.raises(BadRequestError) as refused:
        rest.change_multi_assets_mode(multi_assets_margin="true")
    assert refused.value.status_code == -4167


def test_settings(rest: Rest) -> None:
    leverage = whole(rest.change_initial_leverage(symbol=SYMBOL, leverage=21).data())
    assert (leverage.leverage, leverage.symbol) == (21, SYMBOL)
    whole(rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED").data())
    [settings] = rest.symbol_configuration(symbol=SYMBOL).data()
    assert (settings.margin_type, settings.leverage) == ("ISOLATED", 21)
    with pytest.raises(BadRequestError) as refused:
        rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED")
    assert refused.value.status_code == -4046


def test_multi_assets_mode(rest: Rest) -> None:
    whole(rest.change_multi_assets_mode(multi_assets_margin="true").data())
    assert whole(rest.get_current_multi_assets_mode().data()).multi_assets_margin is True
    assert unknown(rest.account_information_v3().data()) == {}
    with pytest.raises(BadRequestError) as refused:
        rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED")
    assert refused.value.status_code == -4168


def test_refusals(served: Served, rest: Rest) -> None:
    with pytest.raises(BadRequestError) as refused:
        rest.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=100.0)
    assert (refused.value.status_code, refused.value.error_message) == (-2019, "Margin is insufficient.")
    with pytest.raises(BadRequestError) as refused:
        rest.query_order(symbol=SYMBOL, order_id=4_000_000)
    assert (refused.value.status_code, refused.value.error_message) == (-2013, "Order does not exist.")
    with pytest.raises(UnauthorizedError) as unauthorized:
        _sdk(served, api_key="x" * 64).rest_api.account_information_v3()
    assert unauthorized.value.status_code == -2015
    with pytest.raises(NotFoundError):
        rest.classic_portfolio_margin_account_information(asset="BTC")


# --- streams ----------------------------------------------------------------------------------------------------------


def test_market_streams_fit_their_models(served: Served) -> None:
    async def flow() -> None:
        async with streams_of(_sdk(served)) as streams:
            heard = [await hear(subscribe()) for subscribe in market_streams(streams, SYMBOL)]
            await asyncio.to_thread(_sdk(served).rest_api.new_order, SYMBOL, "BUY", "MARKET", quantity=0.01)
            for queue in heard:
                whole(await asyncio.wait_for(queue.get(), 20))

    asyncio.run(flow())


def test_user_stream(served: Served, rest: Rest) -> None:
    key = whole(rest.start_user_data_stream().data()).listen_key

    async def flow() -> None:
        async with streams_of(_sdk(served)) as streams:
            heard = await hear(streams.user_data(key))
            await asyncio.sleep(0.2)
            order = await asyncio.to_thread(_buy, rest, 98)
            new = (await next_event(heard, "OrderTradeUpdate")).o
            assert (new.i, new.x, new.X) == (order.order_id, "NEW", "NEW")
            served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order.order_id), amount="0.005")
            lite = whole(await next_event(heard, "TradeLite"))
            trade = (await next_event(heard, "OrderTradeUpdate")).o
            assert (trade.x, trade.X, trade.z, trade.t) == ("TRADE", "PARTIALLY_FILLED", "0.005", lite.t)
            assert (trade.N, Decimal(trade.n)) == ("USDT", Decimal("0.0002") * Decimal("0.005") * Decimal(order.price))
            account = (await next_event(heard, "AccountUpdate")).a
            assert (account.m, account.P[0].pa) == ("ORDER", "0.005")
            await asyncio.to_thread(rest.cancel_order, SYMBOL, order_id=order.order_id)
            ended = (await next_event(heard, "OrderTradeUpdate")).o
            assert (ended.x, ended.X, ended.z) == ("CANCELED", "CANCELED", "0.005")

    asyncio.run(flow())
    rest.close_user_data_stream()


def test_life_of_a_stop_on_the_user_stream(served: Served, rest: Rest) -> None:
    key = rest.start_user_data_stream().data().listen_key

    async def flow() -> None:
        async with streams_of(_sdk(served)) as streams:
            heard = await hear(streams.user_data(key))
            await asyncio.sleep(0.2)
            placed = await asyncio.to_thread(_stop, rest, 98)
            price = await asyncio.to_thread(_price, rest, 97)
            served.do("set_price", instrument=INSTRUMENT, price=str(price))
            told = [(await next_event(heard, "AlgoUpdate")).o for _ in range(4)]
            assert [one.X for one in told] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
            assert all(unknown(one) == {} for one in told)
            assert missing(told[-1]) == {"rm"}
            assert (told[-1].aid, told[-1].ai, told[-1].aq) == (placed.algo_id, "1", "0.020")

    asyncio.run(flow())
    rest.close_user_data_stream()


@pytest.mark.filterwarnings("default:parameter 'timeout' of type 'float':DeprecationWarning")
def test_orders_over_the_websocket_api(served: Served, rest: Rest) -> None:
    async def flow() -> None:
        socket = await _sdk(served).websocket_api.create_connection()
        try:
            price, lower = await asyncio.to_thread(_price, rest, 98), await asyncio.to_thread(_price, rest, 97)
            placed = await socket.new_order(SYMBOL, "BUY", "LIMIT", time_in_force="GTC", quantity=0.02, price=price)
            order = placed.data().result
            assert (order.status, order.orig_qty, unknown(order)) == ("NEW", "0.020", {})
            amended = await socket.modify_order(SYMBOL, "BUY", quantity=0.02, price=lower, order_id=order.order_id)
            assert float(amended.data().result.price) == lower
            asked = (await socket.query_order(SYMBOL, order_id=order.order_id)).data().result
            assert (asked.status, unknown(asked)) == ("NEW", {})
            assert (await socket.cancel_order(SYMBOL, order_id=order.order_id)).data().result.status == "CANCELED"
            stop = await socket.new_algo_order(
                "CONDITIONAL", SYMBOL, "SELL", "STOP_MARKET", quantity=0.02, trigger_price=lower
            )
            algo = stop.data().result
            assert (algo.algo_status, unknown(algo)) == ("NEW", {})
            assert (await socket.cancel_algo_order(algo_id=algo.algo_id)).data().result.code == "200"
            assert unknown((await socket.account_information_v2()).data().result) == {}
            book = (await socket.order_book(SYMBOL, limit=5)).data().result
            assert set(unknown(book)) == {"bids", "asks"}  # its model has everything of a book but the book
        finally:
            await socket.close_connection(close_session=True)

    asyncio.run(flow())
