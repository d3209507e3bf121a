"""What streamed messages say: the account's on the private connection, the market's on that of the category.

Both are kept alive by pings of our own, from the first moment on. Source: the vendor's pages on connecting and topics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import INTERVAL, News, Prices, Snapshot
from venueproof_adapters.kit.figures import figure, levels
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.parse import (
    INTERVALS,
    Parser,
    balances,
    price,
    streamed_candles,
    streamed_trade,
)
from venueproof_adapters.native.bybit.products import Product
from venueproof_adapters.native.bybit.rest import Rest
from venueproof_contracts.errors import AdapterError, AuthFailed, Reason, Rejected
from venueproof_contracts.model import Channel, Instrument

HEARTBEAT = Heartbeat(frame='{"op":"ping"}', pong='"pong"', every_s=15.0)
"""The venue answers in a shape of its own on each kind of connection; all have this word in them. Pings of the protocol
are answered too, but may not count."""
LOGIN_GOOD_FOR_S = 10
"""A second, as some clients have it, is lost to a clock that is a little behind."""

_TOPICS = ("order", "execution", "position", "wallet")
LOGIN, _SUBSCRIBE = "auth", "subscribe"
_DEPTH = 200
_STREAMS = {
    Channel.BOOK: f"orderbook.{_DEPTH}",
    Channel.TRADES: "publicTrade",
    Channel.TICKER: "tickers",
    Channel.CANDLES: f"kline.{INTERVALS[INTERVAL]}",
}
_NO_TOPIC = "handler not found"

CategoryRow = TypeVar("CategoryRow", wire.OrderRow, wire.ExecutionRow, wire.PositionRow)
_frames = msgspec.json.Decoder(wire.Frame)


class BybitAccountSource:
    """The private stream, which carries both categories of the account; the other one is left alone."""

    lines: Sequence[str] = ("private",)
    heartbeat: Heartbeat | None = HEARTBEAT
    renew_every_s: float = 0.0
    """A login lasts as long as its connection."""

    def __init__(self, product: Product, rest: Rest, ws: str, parser: Parser, state: State) -> None:
        self._category = product.name
        self._rest = rest
        self._address = ws + "/v5/private"
        self._parser = parser
        self._state = state

    async def address(self, line: str) -> str:
        """One path for everybody."""
        return self._address

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """Log in, then ask for all topics; what is refused is refused whole."""
        await dialogue.demand(text({"op": LOGIN, "args": self._rest.login(LOGIN_GOOD_FOR_S)}), LOGIN)
        frame = {"op": _SUBSCRIBE, "req_id": _SUBSCRIBE, "args": _TOPICS}
        await dialogue.demand(text(frame), _SUBSCRIBE)

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """Nothing to renew."""
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """An answer, or rows of a topic: orders and executions may come in any order."""
        told = _frames.decode(frame)
        match told.topic:
            case "order":
                for row in self._rows(told, wire.OrderRow):
                    for telling in self._parser.tellings(row):
                        stream.hear_order(telling, None)
            case "execution":
                for execution in self._rows(told, wire.ExecutionRow):
                    if (fill := self._parser.fill(execution)) is not None:
                        stream.hear_fill(fill)
            case "position":
                for held in self._rows(told, wire.PositionRow):
                    at_ns = int(figure(held.updated_time) or 0) * MS_NS
                    self._state.hear_position(self._parser.position(held), (at_ns, told.creation_time * MS_NS))
            case "wallet":
                at_ns = told.creation_time * MS_NS
                for wallet in msgspec.json.decode(told.data, type=list[wire.WalletRow]):
                    for balance in balances(wallet):
                        self._state.hear_balance(balance, (at_ns, at_ns))
            case _:
                _answer(told, stream.dialogues[line])

    def _rows(self, told: wire.Frame, shape: type[CategoryRow]) -> list[CategoryRow]:
        rows = (msgspec.json.decode(raw, type=shape) for raw in msgspec.json.decode(told.data, type=list[msgspec.Raw]))
        return [row for row in rows if row.category == self._category]


class BybitMarketSource:
    """The public stream of one category."""

    lines: Sequence[str] = ("public",)
    heartbeat: Heartbeat | None = HEARTBEAT
    pace = Pace(streams_max=1)
    """Each topic is asked for by itself: one that is refused would silence the others of its frame."""

    def __init__(self, product: Product, ws: str, catalog: Catalog) -> None:
        self._address = f"{ws}/v5/public/{product.name}"
        self._catalog = catalog

    def address(self, line: str) -> str:
        """One path for each category."""
        return self._address

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """One topic for each channel."""
        return [("public", f"{_STREAMS[channel]}.{instrument.spelling}")]

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """subscribe or unsubscribe."""
        op = "subscribe" if subscribe else "unsubscribe"
        return Command(text({"op": op, "req_id": str(number), "args": list(streams)}), (str(number),))

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack]:
        """A topic's message, or the answer to a command."""
        told = _frames.decode(frame)
        if not told.topic:
            error = None if told.success is not False else _refusal(told)
            return [Ack(told.req_id or None, error)]
        kind, _, rest = told.topic.partition(".")
        if kind not in _READERS:
            return []
        channel, read = _READERS[kind]
        spelling = rest.rpartition(".")[2]
        return [Heard(channel, spelling, news) for news in read(told, self._catalog.symbol(spelling))]


def text(document: Mapping[str, object]) -> str:
    """A frame."""
    return msgspec.json.encode(document).decode()


def _answer(told: wire.Frame, dialogue: Dialogue) -> None:
    """A refused login does not say what it answers: there is nothing else to be answered then."""
    key = told.req_id or told.op or dialogue.first()
    if told.success is False:
        dialogue.refuse(key, _refusal(told))
    elif told.op != "pong":
        dialogue.answer(key)


def _refusal(told: wire.Frame) -> AdapterError:
    if told.op in (_SUBSCRIBE, "unsubscribe"):
        reason = Reason.UNKNOWN_INSTRUMENT if _NO_TOPIC in told.ret_msg else Reason.BAD_PARAMETER
        return Rejected(reason, text=told.ret_msg)
    return AuthFailed("the login was refused", text=told.ret_msg)


def _book(told: wire.Frame, symbol: str) -> list[News]:
    """A snapshot may come at any time and takes the place of all before it."""
    row, at_ns = msgspec.json.decode(told.data, type=wire.BookRow), told.ts * MS_NS
    if told.type == "snapshot":
        return [Snapshot(row.u, levels(row.b), levels(row.a), at_ns)]
    return [BookChange(row.u, row.u, row.u - 1, levels(row.b), levels(row.a), at_ns)]


def _trades(told: wire.Frame, symbol: str) -> list[News]:
    return [streamed_trade(row, symbol) for row in msgspec.json.decode(told.data, type=list[wire.StreamedTrade])]


def _ticker(told: wire.Frame, symbol: str) -> list[News]:
    row = msgspec.json.decode(told.data, type=wire.TickerRow)
    return [
        Prices(
            told.ts * MS_NS,
            last=price(row.last_price),
            bid=price(row.bid1_price),
            ask=price(row.ask1_price),
            mark=price(row.mark_price),
            index=price(row.index_price),
            funding_rate=figure(row.funding_rate),
            volume_24h=figure(row.volume24h),
        )
    ]


def _candles(told: wire.Frame, symbol: str) -> list[News]:
    return [*streamed_candles(msgspec.json.decode(told.data, type=list[wire.StreamedKline]))]


_READERS: dict[str, tuple[Channel, Callable[[wire.Frame, str], list[News]]]] = {
    "orderbook": (Channel.BOOK, _book),
    "publicTrade": (Channel.TRADES, _trades),
    "tickers": (Channel.TICKER, _ticker),
    "kline": (Channel.CANDLES, _candles),
}
