"""Binance's own typed SDK for COIN-M, unmodified, REST, streams and WebSocket API, against a simulator in a process of
its own. Amounts are contracts of 100 dollars, and money is bitcoin.
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
from binance_common.errors import BadRequestError
from binance_sdk_derivatives_trading_coin_futures.derivatives_trading_coin_futures import DerivativesTradingCoinFutures

from .conftest import Serve, Served
from .typed_models import Calls, fit, hear, market_streams, next_event, streams_of, unknown, whole

pytestmark = pytest.mark.interop

SYMBOL = "BTCUSD_PERP"
PAIR = "BTCUSD"
INSTRUMENT = "BTC/USD:BTC"
OF_TRAILING_ONES = {"activate_price", "price_rate"}
"""What the models have for orders that trail."""
Rest = Any


@pytest.fixture(autouse=True)
def no_model_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The SDK says nothing louder than INFO: every answer fits its model."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def _sdk(served: Served) -> DerivativesTradingCoinFutures:
    keys = {"api_key": served.credentials["apiKey"], "api_secret": served.credentials["secret"]}
    origins: dict[str, str] = served.ready["origins"]
    return DerivativesTradingCoinFutures(
        config_rest_api=ConfigurationRestAPI(**keys, base_path=origins["https://dapi.binance.com"], retries=0),
        config_ws_api=ConfigurationWebSocketAPI(
            **keys, stream_url=f"{origins['wss://ws-dapi.binance.com']}/ws-dapi/v1"
        ),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=origins["wss://dstream.binance.com"]),
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


def _buy(rest: Rest, percent: int, **more: Any) -> Any:
    price = _price(rest, percent)
    return rest.new_order(
        symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=10, price=price, **more
    ).data()


MARKET_CALLS: Calls = (
    ("check_server_time", {}),
    ("recent_trades_list", {"symbol": SYMBOL}),
    ("old_trades_lookup", {"symbol": SYMBOL}),
    ("compressed_aggregate_trades_list", {"symbol": SYMBOL}),
    ("index_price_and_mark_price", {"symbol": SYMBOL}),
    ("index_price_and_mark_price", {"pair": PAIR}),
    ("get_funding_rate_history_of_perpetual_futures", {"symbol": SYMBOL}),
    ("ticker24hr_price_change_statistics", {"symbol": SYMBOL}),
    ("symbol_price_ticker", {"symbol": SYMBOL}),
    ("symbol_order_book_ticker", {"symbol": SYMBOL}),
    ("open_interest", {"symbol": SYMBOL}),
    ("open_interest_statistics", {"pair": PAIR, "contract_type": "PERPETUAL", "period": "5m"}),
    ("taker_buy_sell_volume", {"pair": PAIR, "contract_type": "PERPETUAL", "period": "5m"}),
    ("basis", {"pair": PAIR, "contract_type": "PERPETUAL", "period": "5m"}),
)
ACCOUNT_CALLS: Calls = (
    ("account_information", {}),
    ("futures_account_balance", {}),
    ("position_information", {"margin_asset": "BTC"}),
    ("get_current_position_mode", {}),
    ("notional_bracket_for_pair", {"pair": PAIR}),
    ("notional_bracket_for_symbol", {"symbol": SYMBOL}),
    ("user_commission_rate", {"symbol": SYMBOL}),
    ("account_trade_list", {"symbol": SYMBOL}),
    ("get_income_history", {}),
    ("position_adl_quantile_estimation", {"symbol": SYMBOL}),
)


def test_market_data_fits_its_models(rest: Rest) -> None:
    fit(rest, MARKET_CALLS)
    info = whole(rest.exchange_information().data())
    listed = {symbol.symbol: (symbol.contract_size, symbol.margin_asset) for symbol in info.symbols}
    assert listed[SYMBOL] == (100, "BTC")
    for rows in (
        rest.kline_candlestick_data(symbol=SYMBOL, interval="1m", limit=20).data(),
        rest.continuous_contract_kline_candlestick_data(
            pair=PAIR, contract_type="PERPETUAL", interval="1m", limit=20
        ).data(),
        rest.mark_price_kline_candlestick_data(symbol=SYMBOL, interval="1m", limit=20).data(),
        rest.index_price_kline_candlestick_data(pair=PAIR, interval="1m", limit=20).data(),
        rest.premium_index_kline_data(symbol=SYMBOL, interval="1m", limit=20).data(),
    ):
        assert [later[0] - earlier[0] for earlier, later in pairwise(rows)] == [60_000] * 19


def test_whole_life_of_an_inverse_position(served: Served, rest: Rest) -> None:
    order = whole(_buy(rest, 98), without=OF_TRAILING_ONES)
    assert (order.status, order.executed_qty, order.pair) == ("NEW", "0", PAIR)
    served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order.order_id), amount="4")
    partly = rest.query_order(symbol=SYMBOL, order_id=order.order_id).data()
    assert (partly.status, partly.executed_qty) == ("PARTIALLY_FILLED", "4")
    assert Decimal(partly.cum_base) == (Decimal(400) / Decimal(order.price)).quantize(Decimal("1e-8"))

    lower = _price(rest, 97)
    amended = rest.modify_order(symbol=SYMBOL, order_id=order.order_id, side="BUY", quantity=10, price=lower).data()
    assert (amended.order_id, float(amended.price)) == (order.order_id, lower)
    [history] = rest.get_order_modify_history(symbol=SYMBOL, order_id=order.order_id).data()
    assert history.amendment.price.before == order.price
    [listed] = rest.current_all_open_orders(symbol=SYMBOL).data()
    assert listed.order_id == order.order_id
    canceled = whole(rest.cancel_order(symbol=SYMBOL, order_id=order.order_id).data(), without=OF_TRAILING_ONES)
    assert (canceled.status, canceled.executed_qty) == ("CANCELED", "4")

    fit(rest, ACCOUNT_CALLS)
    held = {row.symbol: row for row in rest.position_information(pair=PAIR).data()}[SYMBOL]
    assert (held.position_amt, Decimal(held.entry_price)) == ("4", Decimal(order.price))
    closed = rest.new_order(
        symbol=SYMBOL, side="SELL", type="MARKET", quantity=4, reduce_only="true", new_order_resp_type="RESULT"
    ).data()
    assert (closed.status, closed.executed_qty) == ("FILLED", "4")
    fills = rest.account_trade_list(symbol=SYMBOL).data()
    assert [(fill.side, fill.qty, fill.maker) for fill in fills] == [("BUY", "4", True), ("SELL", "4", False)]
    won = Decimal(400) / Decimal(order.price) - Decimal(400) / Decimal(fills[1].price)
    assert (fills[1].commission_asset, abs(Decimal(fills[1].realized_pnl) - won) < Decimal("1e-7")) == ("BTC", True)


def test_hedge_mode_and_settings(rest: Rest) -> None:
    leverage = whole(rest.change_initial_leverage(symbol=SYMBOL, leverage=21).data())
    assert (leverage.leverage, leverage.symbol) == (21, SYMBOL)
    whole(rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED").data())
    whole(rest.change_position_mode(dual_side_position="true").data())
    assert whole(rest.get_current_position_mode().data()).dual_side_position is True
    for side, leg in (("BUY", "LONG"), ("SELL", "SHORT")):
        rest.new_order(symbol=SYMBOL, side=side, type="MARKET", quantity=5, position_side=leg)
    legs = {row.position_side: row for row in rest.position_information(pair=PAIR).data() if row.symbol == SYMBOL}
    assert {leg: row.position_amt for leg, row in legs.items()} == {"LONG": "5", "SHORT": "-5"}
    assert {(row.margin_type, row.leverage) for row in legs.values()} == {("isolated", "21")}
    moved = rest.modify_isolated_position_margin(symbol=SYMBOL, amount=0.001, type="1", position_side="LONG").data()
    assert (Decimal(str(moved.amount)), moved.code) == (Decimal("0.001"), 200)
    [change] = rest.get_position_margin_change_history(symbol=SYMBOL).data()
    assert (change.position_side, Decimal(change.amount)) == ("LONG", Decimal("0.001"))


def test_batches_and_refusals(rest: Rest) -> None:
    good = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "newClientOrderId": "b-1"}
    good |= {"quantity": "10", "price": str(_price(rest, 98))}
    placed, refused = rest.place_multiple_orders(batch_orders=[good, good | {"quantity": "0.5"}]).data()
    assert (placed.client_order_id, refused.code) == ("b-1", -1111)
    canceled, unheard = rest.cancel_multiple_orders(symbol=SYMBOL, orig_client_order_id_list=["b-1", "b-2"]).data()
    assert (canceled.status, unheard.code) == ("CANCELED", -2011)
    for arguments, code in (
        ({"type": "MARKET", "quantity": 1_000_000}, -4005),
        ({"type": "STOP_MARKET", "quantity": 5, "stop_price": 90_000.0}, -4120),
        ({"type": "MARKET", "quantity": 5, "position_side": "LONG"}, -4061),
    ):
        with pytest.raises(BadRequestError) as error:
            rest.new_order(symbol=SYMBOL, side="BUY", **arguments)
        assert error.value.status_code == code
    assert whole(rest.auto_cancel_all_open_orders(symbol=SYMBOL, countdown_time=0).data()).countdown_time == "0"


# --- streams ----------------------------------------------------------------------------------------------------------


def test_market_streams_fit_their_models(served: Served) -> None:
    async def flow() -> None:
        async with streams_of(_sdk(served)) as streams:
            heard = [await hear(subscribe()) for subscribe in market_streams(streams, SYMBOL)]
            heard.append(await hear(streams.index_price_stream(pair=PAIR.lower(), update_speed="1s")))
            await asyncio.to_thread(_sdk(served).rest_api.new_order, SYMBOL, "BUY", "MARKET", quantity=5)
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
            served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order.order_id), amount="4")
            trade = (await next_event(heard, "OrderTradeUpdate")).o
            assert (trade.x, trade.X, trade.z, trade.ma) == ("TRADE", "PARTIALLY_FILLED", "4", "BTC")
            account = (await next_event(heard, "AccountUpdate")).a
            assert (account.m, account.P[0].pa, account.B[0].a) == ("ORDER", "4", "BTC")
            await asyncio.to_thread(rest.cancel_order, SYMBOL, order_id=order.order_id)
            ended = (await next_event(heard, "OrderTradeUpdate")).o
            assert (ended.x, ended.X, ended.z) == ("CANCELED", "CANCELED", "4")

    asyncio.run(flow())
    rest.close_user_data_stream()


@pytest.mark.filterwarnings("default:parameter 'timeout' of type 'float':DeprecationWarning")
def test_orders_over_the_websocket_api(served: Served, rest: Rest) -> None:
    async def flow() -> None:
        api = _sdk(served).websocket_api
        socket = await api.create_connection()
        try:
            price = await asyncio.to_thread(_price, rest, 98)
            placed = await socket.new_order(SYMBOL, "BUY", "LIMIT", time_in_force="GTC", quantity=10, price=price)
            order = placed.data().result
            assert (order.status, order.orig_qty, unknown(order)) == ("NEW", "10", {})
            lower = await asyncio.to_thread(_price, rest, 97)
            amended = await socket.modify_order(SYMBOL, "BUY", quantity=10, price=lower, order_id=order.order_id)
            assert float(amended.data().result.price) == lower
            asked = (await socket.query_order(SYMBOL, order_id=order.order_id)).data().result
            assert (asked.status, unknown(asked)) == ("NEW", {})
            canceled = (await socket.cancel_order(SYMBOL, order_id=order.order_id)).data().result
            assert canceled.status == "CANCELED"
            balances = (await socket.futures_account_balance()).data().result
            assert "BTC" in {row.asset for row in balances}
        finally:
            await socket.close_connection(close_session=True)

    asyncio.run(flow())
