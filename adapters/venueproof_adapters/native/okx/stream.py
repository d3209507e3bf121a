"""What streamed messages say: the account's on two connections that log in, the market's on two that need not.

A channel lives on one of three endpoints and is refused on the others: orders, fills, money and positions on `private`,
conditional orders on `business`; candles and single trades on `business`, the market's other channels on `public`.
Nothing is restored after a break. Source: the vendor's WebSocket pages; typed models of nautilus_trader and OKX.Net.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import count

import msgspec

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import INTERVAL, News, Prices, Snapshot
from venueproof_adapters.kit.figures import figure
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.okx import wire
from venueproof_adapters.native.okx.errors import NO_FILLS
from venueproof_adapters.native.okx.parse import Parser, at_ns, balance, candle, levels, public_trade
from venueproof_adapters.native.okx.products import SWAP, Hosts
from venueproof_adapters.native.okx.questions import index_of
from venueproof_adapters.native.okx.rest import Rest
from venueproof_adapters.native.okx.signing import Signer
from venueproof_contracts.errors import AdapterError, ClockSkew, Rejected, VenueDown
from venueproof_contracts.model import Channel, Instrument

log = logging.getLogger("venueproof_adapters.okx")

PUBLIC, PRIVATE, BUSINESS = "public", "private", "business"
LOGIN_WITHIN_S = 5.0
_HEARTBEAT = Heartbeat("ping", "pong")
"""Plain text; after 30 s without a word the venue hangs up."""
_CLOSING = "64008"
"""The notice that the venue will hang up in a minute."""
_LOGIN = "login"
_FILLS = ("fills",)
_OTHERS = {PRIVATE: ("orders", "account", "positions"), BUSINESS: ("orders-algo", "algo-advance")}
_OF_SWAPS = frozenset({"orders", "positions", "orders-algo", "algo-advance"})
_frame = msgspec.json.Decoder(wire.Frame)


def subscription(op: str, args: Sequence[wire.Arg], id: str) -> Command:
    """The frame that asks for channels, or for their end; each is answered by itself, and the id comes back."""
    sent = [{name: value for name, value in msgspec.to_builtins(arg).items() if value} for arg in args]
    frame = msgspec.json.encode({"id": id, "op": op, "args": sent}).decode()
    return Command(frame, tuple((op, arg) for arg in args))


# --- the account ------------------------------------------------------------------------------------------------------


class OkxAccountSource:
    """The private channels: fills before orders, so that an execution is known of whichever comes first."""

    lines: Sequence[str] = (PRIVATE, BUSINESS)
    heartbeat: Heartbeat | None = _HEARTBEAT
    renew_every_s: float = 0.0
    """A login lasts as long as its connection."""

    def __init__(
        self, hosts: Hosts, signer: Signer, rest: Rest, sync: ClockSync, parser: Parser, catalog: Catalog, state: State
    ) -> None:
        self._hosts = hosts
        self._signer = signer
        self._rest = rest
        self._sync = sync
        self._parser = parser
        self._catalog = catalog
        self._state = state
        self._off = False
        """A login was refused for its time."""

    async def address(self, line: str) -> str:
        """One endpoint each."""
        return self._hosts.stream(line)

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """Log in, and only when that is answered subscribe: what is asked for before is refused, or never heard of."""
        await self._log_in(dialogue)
        if line == PRIVATE:
            try:
                await self._subscribe(dialogue, _FILLS)
            except Rejected as error:
                if error.code not in NO_FILLS:
                    raise
                log.info("the channel of fills is not for this account: orders tell of them")
        await self._subscribe(dialogue, _OTHERS[line])

    async def _log_in(self, dialogue: Dialogue) -> None:
        """The venue hangs up when it refuses, so what it refused for its time is put right before the next one."""
        if self._off or self._sync.due():
            await self._sync.resync(self._rest.server_time, self._sync.rounds)
            self._off = False
        try:
            async with asyncio.timeout(LOGIN_WITHIN_S):
                await dialogue.demand(self._signer.login(self._sync.now_ns()), _LOGIN)
        except TimeoutError:
            raise VenueDown("the login was not answered") from None
        except ClockSkew:
            self._off = True
            raise

    async def _subscribe(self, dialogue: Dialogue, channels: Sequence[str]) -> None:
        args = [wire.Arg(channel, inst_type=SWAP if channel in _OF_SWAPS else "") for channel in channels]
        command = subscription("subscribe", args, channels[0].replace("-", ""))
        await dialogue.demand(command.frame, *command.keys)

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """There is none that ages."""
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """An answer, a notice, or rows of a channel."""
        told = _frame.decode(frame)
        if told.event:
            self._answered(told, stream.dialogues[line], stream)
            return
        match told.arg.channel:
            case "orders":
                for order in filter(self._parser.is_ours, msgspec.json.decode(told.data, type=list[wire.OrderRow])):
                    stream.hear_order(self._parser.order(order), self._parser.fill_update(order))
            case "fills":
                for fill in msgspec.json.decode(told.data, type=list[wire.FillUpdate]):
                    symbol = self._catalog.symbol(fill.inst_id)
                    if self._catalog.has(symbol):
                        stream.hear_execution(fill.trade_id, (symbol, fill.ord_id, False))
            case "orders-algo" | "algo-advance":
                for algo in filter(self._parser.is_ours, msgspec.json.decode(told.data, type=list[wire.AlgoRow])):
                    stream.hear_order(self._parser.conditional(algo), None)
            case "positions":
                self._positions(told.data)
            case "account":
                self._balances(told.data)
            case _:
                pass

    def _answered(self, told: wire.Frame, dialogue: Dialogue, stream: AccountStream) -> None:
        """How many connections share a channel is told too, and is nothing to act upon."""
        if told.event == _LOGIN:
            dialogue.answer(_LOGIN)
        elif told.event == "error":
            dialogue.refuse(dialogue.first(), self._rest.judge.meant(told.code, told.msg))
        elif told.event == "notice" and told.code == _CLOSING:
            stream.hear_expiry()
        else:
            dialogue.answer((told.event, told.arg))

    def _positions(self, data: msgspec.Raw) -> None:
        for row in filter(self._parser.is_ours, msgspec.json.decode(data, type=list[wire.PositionRow])):
            sent_ns = at_ns(figure(row.p_time) or row.u_time)
            self._state.hear_position(self._parser.position(row), (at_ns(row.u_time), sent_ns))

    def _balances(self, data: msgspec.Raw) -> None:
        for row in msgspec.json.decode(data, type=list[wire.BalanceRow]):
            sent_ns = at_ns(figure(row.u_time) or wire.Ms(0))
            for coin in row.details:
                self._state.hear_balance(balance(coin), (at_ns(coin.u_time), sent_ns))


# --- the market -------------------------------------------------------------------------------------------------------


class OkxMarketSource:
    """The channels of the market."""

    lines: Sequence[str] = (PUBLIC, BUSINESS)
    heartbeat: Heartbeat | None = _HEARTBEAT
    pace = Pace(streams_max=100, pause_s=0.1)
    """Frames are few: logins, subscriptions and ends of them are counted, 480 an hour on a connection."""

    def __init__(self, hosts: Hosts, rest: Rest, catalog: Catalog) -> None:
        self._hosts = hosts
        self._rest = rest
        self._catalog = catalog
        self._ids = count(1)
        self._asked: Recent[str, Command] = Recent(1000)

    def address(self, line: str) -> str:
        """One endpoint each."""
        return self._hosts.stream(line)

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """Names are the channel and what it is of."""
        name = instrument.spelling
        index = [(PUBLIC, f"index-tickers {index_of(instrument)}")] if channel is Channel.TICKER else []
        return [(line, f"{word} {name}") for line, word in _STREAMS[channel]] + index

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """Numbered over both connections, since an error names nothing but the number."""
        op = "subscribe" if subscribe else "unsubscribe"
        args = [wire.Arg(*stream.split(" ", 1)) for stream in streams]
        id = str(next(self._ids))
        command = self._asked[id] = subscription(op, args, id)
        return command

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack]:
        """Rows of a channel, or the answer to a command."""
        told = _frame.decode(frame)
        if told.event in ("subscribe", "unsubscribe"):
            return [Ack((told.event, told.arg))]
        if told.event == "error":
            return self._refused(told)
        if told.event or told.arg.channel not in _READERS:
            return []
        channel, read = _READERS[told.arg.channel]
        return [Heard(channel, self._spelling(told.arg), news) for news in read(told, self._symbol(told.arg))]

    def _refused(self, told: wire.Frame) -> Sequence[Ack]:
        error: AdapterError = self._rest.judge.meant(told.code, told.msg)
        asked = self._asked.get(told.id)
        return [Ack(None, error)] if asked is None else [Ack(key, error) for key in asked.keys]

    def _spelling(self, arg: wire.Arg) -> str:
        """An index goes by a name of its own."""
        if arg.channel != "index-tickers":
            return arg.inst_id
        return next((one.spelling for one in self._catalog.all() if index_of(one) == arg.inst_id), arg.inst_id)

    def _symbol(self, arg: wire.Arg) -> str:
        return self._catalog.symbol(arg.inst_id)


_CANDLES = f"candle{INTERVAL}"
_STREAMS: dict[Channel, tuple[tuple[str, str], ...]] = {
    Channel.BOOK: ((PUBLIC, "books"),),
    Channel.TRADES: ((BUSINESS, "trades-all"),),
    Channel.TICKER: ((PUBLIC, "tickers"), (PUBLIC, "mark-price"), (PUBLIC, "funding-rate")),
    Channel.CANDLES: ((BUSINESS, _CANDLES),),
}
"""`trades-all` tells each match, as questions do; `trades` would sum them up."""


def _book(told: wire.Frame, symbol: str) -> list[News]:
    """A snapshot, or changes that name the message before. The numbers alone say whether one is missing."""
    rows = msgspec.json.decode(told.data, type=list[wire.BookRow])
    if told.action == "snapshot":
        return [Snapshot(row.seq_id, levels(row.bids), levels(row.asks), at_ns(row.ts)) for row in rows]
    return [
        BookChange(row.prev_seq_id, row.seq_id, row.prev_seq_id, levels(row.bids), levels(row.asks), at_ns(row.ts))
        for row in rows
    ]


def _trade(told: wire.Frame, symbol: str) -> list[News]:
    return [public_trade(row, symbol) for row in msgspec.json.decode(told.data, type=list[wire.TradeRow])]


def _ticker(told: wire.Frame, symbol: str) -> list[News]:
    rows = msgspec.json.decode(told.data, type=list[wire.TickerRow])
    return [
        Prices(at_ns(row.ts), row.last, figure(row.bid_px), figure(row.ask_px), volume_24h=row.vol24h) for row in rows
    ]


def _mark(told: wire.Frame, symbol: str) -> list[News]:
    return [Prices(at_ns(row.ts), mark=row.mark_px) for row in msgspec.json.decode(told.data, type=list[wire.MarkRow])]


def _index(told: wire.Frame, symbol: str) -> list[News]:
    return [Prices(at_ns(row.ts), index=row.idx_px) for row in msgspec.json.decode(told.data, type=list[wire.IndexRow])]


def _funding(told: wire.Frame, symbol: str) -> list[News]:
    rows = msgspec.json.decode(told.data, type=list[wire.FundingRow])
    return [Prices(at_ns(row.ts), funding_rate=figure(row.funding_rate)) for row in rows]


def _candle(told: wire.Frame, symbol: str) -> list[News]:
    return [candle(row) for row in msgspec.json.decode(told.data, type=list[wire.CandleRow])]


_READERS: dict[str, tuple[Channel, Callable[[wire.Frame, str], list[News]]]] = {
    "books": (Channel.BOOK, _book),
    "trades-all": (Channel.TRADES, _trade),
    "tickers": (Channel.TICKER, _ticker),
    "mark-price": (Channel.TICKER, _mark),
    "index-tickers": (Channel.TICKER, _index),
    "funding-rate": (Channel.TICKER, _funding),
    _CANDLES: (Channel.CANDLES, _candle),
}
