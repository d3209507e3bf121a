"""How an answer fits the model that a vendor's SDK has of it. Its models are strict, and silent: a wrong JSON type is a
warning in the log, an unknown field is kept aside, a missing one is None.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

Calls = tuple[tuple[str, dict[str, Any]], ...]
"""Methods of an SDK and what each is called with."""
Event = Any


def unknown(model: Any) -> dict[str, Any]:
    """The fields that the SDK's model does not know, here and below."""
    if isinstance(model, list):
        return {name: value for item in model for name, value in unknown(item).items()}
    found = dict(getattr(model, "additional_properties", None) or {})
    for name in getattr(type(model), "model_fields", {}):
        if name != "additional_properties":
            found |= unknown(getattr(model, name))
    return found


def missing(model: Any) -> set[str]:
    """The fields of the SDK's model that the answer lacks, at its top level."""
    return {name for name in type(model).model_fields if getattr(model, name) is None}


def whole(model: Any, *, without: Collection[str] = ()) -> Any:
    """The same model, found to have every field of its type and no other, but for those that only others have."""
    assert (unknown(model), missing(model)) == ({}, set(without))
    return model


def rows(model: Any) -> list[Any]:
    """Every document in an answer; models of "one or many" hold it in `actual_instance`."""
    held = getattr(model, "actual_instance", None) or model
    return [row for item in held for row in rows(item)] if isinstance(held, list) else [held]


def fit(rest: Any, calls: Calls) -> None:
    """Each call answers something, and all of it is what the SDK's model says."""
    for name, arguments in calls:
        found = rows(getattr(rest, name)(**arguments).data())
        assert found, name
        for row in found:
            assert (name, unknown(row), missing(row)) == (name, {}, set())


async def hear(stream: Awaitable[Any]) -> asyncio.Queue[Event]:
    """Subscribe, and put what is heard in a queue."""
    heard: asyncio.Queue[Event] = asyncio.Queue()
    handle = await stream
    handle.on("message", heard.put_nowait)
    return heard


async def next_event(heard: asyncio.Queue[Event], kind: str) -> Event:
    """The next event of a kind, named as the SDK names its model."""
    while True:
        event = (await asyncio.wait_for(heard.get(), 10)).actual_instance
        if type(event).__name__ == kind:
            return event


@asynccontextmanager
async def streams_of(sdk: Any) -> AsyncIterator[Any]:
    """The SDK's connection for streams, closed at the end."""
    streams = await sdk.websocket_streams.create_connection()
    try:
        yield streams
    finally:
        await streams.close_connection(close_session=True)


def market_streams(streams: Any, symbol: str) -> tuple[Callable[[], Awaitable[Any]], ...]:
    """How to subscribe to each market stream that both products have."""
    return (
        lambda: streams.diff_book_depth_streams(symbol=symbol, update_speed="100ms"),
        lambda: streams.partial_book_depth_streams(symbol=symbol, levels=5),
        lambda: streams.individual_symbol_book_ticker_streams(symbol=symbol),
        lambda: streams.aggregate_trade_streams(symbol=symbol),
        lambda: streams.kline_candlestick_streams(symbol=symbol, interval="1m"),
        lambda: streams.individual_symbol_ticker_streams(symbol=symbol),
        lambda: streams.individual_symbol_mini_ticker_stream(symbol=symbol),
        lambda: streams.mark_price_stream(symbol=symbol, update_speed="1s"),
    )
