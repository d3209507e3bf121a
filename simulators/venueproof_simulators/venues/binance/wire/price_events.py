"""Messages of the streams about prices that nobody trades at, and about forced orders.

Source: the vendor's WebSocket pages; index prices and the candles of index and mark price are COIN-M's alone.
"""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.state import CandleState, OrderState, TickerState
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight
from venueproof_simulators.venues.binance.wire.orders import average_price, status

_BUFFER = Decimal("0.05")
_STABLE_BUFFER = Decimal("0.0001")
"""How far an asset's bid and ask rate are from its index: a coin's, and those of a stable coin."""


def index_event(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """indexPriceUpdate: of a pair."""
    price = eight(listing.mark(ticker.index_nano_ticks))
    return {"e": "indexPriceUpdate", "E": time.wire_ms, "i": listing.pair, "p": price}


def price_candle_entry(listing: Listing, candle: CandleState, symbol: str, interval: str, time: VenueTime) -> Document:
    """`k` of a candle without volume; `n` counts how often the price was taken: once a second."""
    end_ns = min(candle.close_ns, time.true_ns)
    prices = [eight(listing.price(ticks)) for ticks in (candle.open, candle.close, candle.high, candle.low)]
    return {
        "t": candle.open_ns // 1_000_000,
        "T": candle.close_ns // 1_000_000 - 1,
        "s": symbol,
        "i": interval,
        "f": candle.open_ns // 1_000_000,
        "L": end_ns // 1_000_000,
        **dict(zip("ochl", prices, strict=True)),
        "v": "0",
        "n": (end_ns - candle.open_ns) // 10**9,
        "x": candle.close_ns <= time.true_ns,
        "q": "0",
        "V": "0",
        "Q": "0",
        "B": "0",
    }


def index_candle_event(listing: Listing, candle: CandleState, interval: str, time: VenueTime) -> Document:
    """indexPrice_kline: of a pair, so its symbol reads 0."""
    entry = price_candle_entry(listing, candle, "0", interval, time)
    return {"e": "indexPrice_kline", "E": time.wire_ms, "ps": listing.pair, "k": entry}


def mark_candle_event(listing: Listing, candle: CandleState, interval: str, time: VenueTime) -> Document:
    """markPrice_kline."""
    entry = price_candle_entry(listing, candle, listing.name, interval, time)
    return {"e": "markPrice_kline", "E": time.wire_ms, "ps": listing.pair, "k": entry}


def asset_event(asset: str, price: Decimal, time: VenueTime) -> Document:
    """assetIndexUpdate: what an asset is worth in dollars where it stands for another as margin."""
    buffer = _STABLE_BUFFER if price == 1 else _BUFFER
    bid, ask = price * (1 - buffer), price * (1 + buffer)
    return {
        "e": "assetIndexUpdate",
        "E": time.wire_ms,
        "s": f"{asset}USD",
        "i": eight(price),
        "b": eight(buffer),
        "a": eight(buffer),
        "B": eight(bid),
        "A": eight(ask),
        "q": eight(buffer),
        "g": eight(buffer),
        "Q": eight(bid),
        "G": eight(ask),
    }


def forced_event(listing: Listing, order: OrderState, last_lots: int, time: VenueTime) -> Document:
    """forceOrder: an order by which the venue closes a position. `last_lots`: what filled last."""
    return {
        "e": "forceOrder",
        "E": time.wire_ms,
        "o": {
            "s": listing.name,
            "ps": listing.pair,
            "S": order.side.upper(),
            "o": order.kind.upper(),
            "f": order.time_in_force.upper(),
            "q": listing.amount_text(order.lots),
            "p": listing.plain_price(order.ticks),
            "ap": plain(average_price(listing, order)),
            "X": status(order),
            "l": listing.amount_text(last_lots),
            "z": listing.amount_text(order.filled_lots),
            "T": wire_ms(time, order.updated_ns),
        },
        "st": listing.product.number,
    }
