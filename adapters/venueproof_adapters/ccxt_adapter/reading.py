"""ccxt's dictionaries as the contracts' values. What ccxt does not know is None or empty here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from venueproof_adapters.ccxt_adapter.ids import ClientIds
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import (
    Balance,
    Book,
    Candle,
    ContractUnit,
    Fill,
    Instrument,
    Level,
    MarginMode,
    OpenInterest,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    Side,
    Ticker,
    TimeInForce,
    Trade,
    Trigger,
    TriggerKind,
)

Dict = Mapping[str, Any]

NS_PER_MS = 1_000_000

_STATUS: dict[str, OrderStatus] = {
    "open": OrderStatus.OPEN,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "canceling": OrderStatus.OPEN,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


def decimal(value: object) -> Decimal | None:
    """A figure of ccxt, None where it has none."""
    return None if value is None else Decimal(str(value))


def _figure(value: object) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def to_ns(milliseconds: object) -> int:
    """A time of ccxt, 0 where it has none."""
    return int(Decimal(str(milliseconds)) * NS_PER_MS) if milliseconds is not None else 0


def instrument(market: Dict) -> Instrument:
    """A market structure of a contract."""
    linear = bool(market["linear"])
    amount, cost = market["limits"]["amount"], market["limits"]["cost"]
    return Instrument(
        symbol=market["symbol"],
        spelling=market["id"],
        product=market["type"] if not market["swap"] else "linear" if linear else "inverse",
        base=market["base"],
        quote=market["quote"],
        settle=market["settle"],
        price_tick=_figure(market["precision"]["price"]),
        amount_step=_figure(market["precision"]["amount"]),
        amount_min=_figure(amount["min"]),
        amount_max=decimal(amount["max"]),
        contract_size=_figure(market["contractSize"]),
        contract_unit=ContractUnit.BASE if linear else ContractUnit.QUOTE,
        notional_min=decimal(cost["min"]),
        expires_ns=to_ns(market["expiry"]) or None,
        active=bool(market["active"]),
    )


def order(found: Dict, ids: ClientIds, symbol: str = "", *, conditional: bool = False) -> Order:
    """An order structure. A figure that ccxt leaves out counts as 0, an order type that it does not know as limit.

    `conditional`: it is known to be one, whatever is told of it.
    """
    filled, average = _figure(found.get("filled")), decimal(found.get("average"))
    tif = str(found.get("timeInForce") or "").lower()
    conditional = conditional or ids.is_conditional(found.get("info"))
    read = Order(
        ref=_ref(found, ids, symbol, conditional),
        side=Side.SELL if found.get("side") == "sell" else Side.BUY,
        type=OrderType.MARKET if found.get("type") == "market" else OrderType.LIMIT,
        status=_waiting(found.get("status")) if conditional else _status(found.get("status"), filled),
        amount=_figure(found.get("amount")),
        filled=filled,
        price=decimal(found.get("price")),
        average_price=average or None,
        time_in_force=TimeInForce(tif) if tif in set(TimeInForce) else None,
        post_only=bool(found.get("postOnly")),
        reduce_only=bool(found.get("reduceOnly")),
        trigger=_trigger(found) if conditional else None,
        updated_ns=to_ns(found.get("lastUpdateTimestamp") or found.get("timestamp")),
    )
    return ids.learn(read)


def _ref(found: Dict, ids: ClientIds, symbol: str, conditional: bool) -> OrderRef:
    instrument = str(found.get("symbol") or symbol)
    client_id, venue_id = found.get("clientOrderId"), found.get("id")
    return OrderRef(
        instrument=instrument,
        intent_id=ids.intent_id(str(client_id)) if client_id else ids.intent_of(instrument, str(venue_id)),
        venue_id=str(venue_id) if venue_id else None,
        conditional=conditional,
    )


def _trigger(found: Dict) -> Trigger | None:
    """What ccxt tells of a condition: a price, and whether profit is taken there; nothing of a trailing one."""
    price = decimal(found.get("triggerPrice"))
    if price is None:
        return None
    return Trigger(TriggerKind.TAKE if found.get("takeProfitPrice") else TriggerKind.STOP, price=price)


def refusal(found: Dict) -> Rejected | None:
    """Why one of several orders was refused: ccxt gives such a one as a rejected order without an id."""
    if found.get("id") or found.get("status") != "rejected":
        return None
    return Rejected(Reason.OTHER, text=str(found.get("info")))


def _status(text: object, filled: Decimal) -> OrderStatus:
    status = _STATUS.get(str(text), OrderStatus.PENDING)
    return OrderStatus.PARTLY_FILLED if status is OrderStatus.OPEN and filled else status


def _waiting(text: object) -> OrderStatus:
    """ccxt's words for orders, of a conditional one: it is open while it waits, and closed once it has fired."""
    words = {"open": OrderStatus.WAITING, "closed": OrderStatus.TRIGGERED}
    return words.get(str(text)) or _STATUS.get(str(text), OrderStatus.PENDING)


def fill(found: Dict, ids: ClientIds) -> Fill:
    """A trade structure of the account's own."""
    fee: Dict = found.get("fee") or {}
    order_id = str(found.get("order") or "")
    maker = {"maker": True, "taker": False}.get(str(found.get("takerOrMaker")))
    return Fill(
        fill_id=str(found["id"]),
        ref=OrderRef(found["symbol"], ids.intent_of(found["symbol"], order_id), venue_id=order_id or None),
        side=Side(found["side"]),
        price=_figure(found["price"]),
        amount=_figure(found["amount"]),
        fee=decimal(fee.get("cost")),
        fee_asset=fee.get("currency"),
        maker=maker,
        at_ns=to_ns(found.get("timestamp")),
    )


def position(found: Dict) -> Position:
    """A position structure: ccxt's contracts have no sign, its side has."""
    amount, short = _figure(found.get("contracts")), found.get("side") == "short"
    hedged = bool(found.get("hedged"))
    leg = PositionSide.SHORT if short else PositionSide.LONG
    mode = str(found.get("marginMode") or "")
    return Position(
        instrument=found["symbol"],
        side=leg if hedged else PositionSide.NET,
        amount=-amount if short and not hedged else amount,
        entry_price=decimal(found.get("entryPrice")),
        unrealized_pnl=decimal(found.get("unrealizedPnl")),
        leverage=decimal(found.get("leverage")),
        margin_mode=MarginMode(mode) if mode in set(MarginMode) else None,
    )


def balances(found: Dict) -> list[Balance]:
    """A balance structure. Its `total` counts open profit, so it does not tell the wallet; `free` may be used."""
    totals: Dict = found.get("total") or {}
    free: Dict = found.get("free") or {}
    return [Balance(asset=asset, wallet=None, available=decimal(free.get(asset))) for asset in totals]


def ticker(found: Dict, markets: Dict) -> Ticker:
    """A ticker structure. Its volume counts the base asset, which is the contracts of linear products alone."""
    return Ticker(
        instrument=found["symbol"],
        last=decimal(found.get("last")),
        bid=decimal(found.get("bid")),
        ask=decimal(found.get("ask")),
        mark=decimal(found.get("markPrice")),
        index=decimal(found.get("indexPrice")),
        volume_24h=decimal(found.get("baseVolume")) if markets[found["symbol"]]["linear"] else None,
        at_ns=to_ns(found.get("timestamp")),
    )


def book(found: Dict, symbol: str) -> Book:
    """An order book structure."""
    return Book(
        instrument=found.get("symbol") or symbol,
        bids=_levels(found["bids"]),
        asks=_levels(found["asks"]),
        at_ns=to_ns(found.get("timestamp")),
    )


def _levels(rows: Sequence[Sequence[object]]) -> tuple[Level, ...]:
    return tuple(Level(price=_figure(row[0]), amount=_figure(row[1])) for row in rows)


def candle(row: Sequence[Any], interval_s: int, now_ms: int) -> Candle:
    """A row of OHLCV. ccxt does not say whether it is closed; its own clock does."""
    return Candle(
        open_ns=to_ns(row[0]),
        open=_figure(row[1]),
        high=_figure(row[2]),
        low=_figure(row[3]),
        close=_figure(row[4]),
        volume=_figure(row[5]),
        closed=int(row[0]) + interval_s * 1000 <= now_ms,
    )


def trade(found: Dict) -> Trade:
    """A public trade structure."""
    return Trade(
        instrument=found["symbol"],
        trade_id=str(found["id"]),
        price=_figure(found["price"]),
        amount=_figure(found["amount"]),
        side=Side(found["side"]),
        at_ns=to_ns(found["timestamp"]),
    )


def open_interest(found: Dict, market: Dict) -> OpenInterest:
    """An open interest structure, which tells of some inverse contracts their worth alone, in the quote currency."""
    amount = decimal(found.get("openInterestAmount"))
    if amount is None and market["inverse"]:
        amount = _figure(found.get("openInterestValue")) / _figure(market["contractSize"])
    return OpenInterest(
        instrument=found["symbol"],
        amount=amount or Decimal(0),
        at_ns=to_ns(found.get("timestamp")),
    )
