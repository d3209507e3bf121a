"""What connections carry: the account's, logged on and watched by the venue, and those of the market.

A channel that means nothing is left out of the list of accepted ones, and no error says so: lists are compared. The
venue asks now and then for a sign of life, and ends a connection that gives none. Source: the vendor's pages on
subscriptions and heartbeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TypeVar

import msgspec
from msgspec import structs

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import INTERVAL, News, Prices, Snapshot
from venueproof_adapters.kit.figures import levels
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace, Reply
from venueproof_adapters.kit.requests import read
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.errors import Judge
from venueproof_adapters.native.deribit.parse import Parser, balance, candle, public_trade, traded
from venueproof_adapters.native.deribit.questions import RESOLUTIONS
from venueproof_adapters.native.deribit.rest import Rest, frame
from venueproof_adapters.native.deribit.signing import Key, Login, Proof
from venueproof_contracts.errors import AuthFailed, Reason, Rejected, VenueDown
from venueproof_contracts.model import Candle, Channel, Instrument

Answer = TypeVar("Answer")

SOCKET = "/ws/api/v2"
HEARTBEAT_S = 30
ALIVE = frame("public/test", {}, "alive").decode()
"""The answer to the venue's call for a sign of life."""
_ACCOUNT = "account"
_CHANGES = "user.changes.any.any.raw"
_PORTFOLIOS = "user.portfolio.any"

_LINES = tuple(f"market-{number}" for number in range(1, 9))
_CHANNELS_MAX = 500
"""Of one connection: half of what was reported, and what one call may name."""
_NAMES = {
    Channel.BOOK: "book.{}.100ms",
    Channel.TRADES: "trades.{}.100ms",
    Channel.TICKER: "ticker.{}.100ms",
    Channel.CANDLES: f"chart.trades.{{}}.{RESOLUTIONS[INTERVAL]}",
}


class DeribitAccountSource:
    """One connection, on which the account tells everything."""

    lines: Sequence[str] = (_ACCOUNT,)
    heartbeat: Heartbeat | None = Heartbeat("", "", every_s=HEARTBEAT_S)
    """The venue beats."""

    def __init__(self, key: Key, rest: Rest, ws: str, parser: Parser, state: State, now_ns: Callable[[], int]) -> None:
        self._key = key
        self._rest = rest
        self._address = ws + SOCKET
        self._parser = parser
        self._state = state
        self._now_ns = now_ns
        self._numbers = count(1)
        self._login: Login | None = None

    @property
    def renew_every_s(self) -> float:
        """Until half a minute before the end of the connection's token."""
        return max(1.0, self._login.renew_in_s()) if self._login is not None else 1.0

    async def address(self, line: str) -> str:
        """Without a credential in it."""
        return self._address

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """Log on, have the venue watch the connection, and subscribe, each answer awaited."""

        async def ask(proof: Proof) -> wire.TokenRow:
            return await self._result(dialogue, "public/auth", proof, wire.TokenRow)

        self._login = Login(self._key, self._now_ns, ask, self._rest.correct_clock)
        await self._login.token()
        await self._result(dialogue, "public/set_heartbeat", {"interval": HEARTBEAT_S}, str)
        wanted = [_CHANGES, _PORTFOLIOS]
        accepted = await self._result(dialogue, "private/subscribe", {"channels": wanted}, list[str])
        if missing := _missing(wanted, accepted):
            raise VenueDown(f"{', '.join(missing)}: not subscribed")

    async def _result(
        self, dialogue: Dialogue, method: str, params: Mapping[str, object], shape: type[Answer]
    ) -> Answer:
        number = next(self._numbers)
        body = (await dialogue.demand(frame(method, params, number).decode(), number))[0]
        return read(body, shape)

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """Exchange the connection's token for the next; False when the venue takes neither it nor a signature."""
        if self._login is None:
            return True
        try:
            await self._login.token()
        except (AuthFailed, Rejected):
            return False
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """A message of a channel, an answer, or a call for a sign of life. What has no channel says nothing else."""
        said = msgspec.json.decode(frame, type=wire.Envelope)
        dialogue = stream.dialogues[line]
        if said.id is not None:
            if said.error is not None:
                dialogue.refuse(said.id, self._rest.judge.told(said.error))
            else:
                dialogue.answer(said.id, bytes(said.result))
            return
        notice = msgspec.json.decode(said.params, type=wire.Notice)
        if notice.type == "test_request":
            dialogue.tell(ALIVE)
        elif notice.channel.startswith("user.changes."):
            self._changed(msgspec.json.decode(notice.data, type=wire.Changes), stream)
        elif notice.channel.startswith("user.portfolio."):
            money = msgspec.json.decode(notice.data, type=wire.SummaryRow)
            self._state.hear_balance(balance(money), (self._now_ns(), 0))

    def _changed(self, changes: wire.Changes, stream: AccountStream) -> None:
        """Trades before the orders that they filled, then positions, which do not say of when they are."""
        for trade in changes.trades:
            stream.hear_fill(self._parser.fill(trade))
        for order in changes.orders:
            for told in self._parser.told(order):
                stream.hear_order(told, None)
        times_ms = [row.timestamp for row in changes.trades] + [row.at_ms for row in changes.orders]
        at_ns = max(times_ms) * MS_NS if times_ms else self._now_ns()
        for position in changes.positions:
            self._state.hear_position(self._parser.position(position), (at_ns, 0))


class DeribitMarketSource:
    """The market's channels, on as many connections as their number asks for.

    Candles are not said to be closed: one is when the next begins.
    """

    heartbeat: Heartbeat | None = None
    """The protocol's own pings."""
    pace = Pace(streams_max=50, pause_s=0.4)
    """Names of fifty channels are far below the longest frame. A call costs 3,000 credits, of which some 10,000 come
    back in a second: one too many would end the connection."""
    lines: Sequence[str] = _LINES

    def __init__(self, judge: Judge, ws: str, catalog: Catalog) -> None:
        self._judge = judge
        self._address = ws + SOCKET
        self._catalog = catalog
        self._carried: dict[str, set[str]] = {line: set() for line in _LINES}
        self._asked: dict[str, Sequence[str]] = {}
        """What a command asked for, by its id."""
        self._running: dict[str, Candle] = {}
        """The candle of each instrument that is not over."""

    def address(self, line: str) -> str:
        """The same for all."""
        return self._address

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """One channel, on the first connection that has room."""
        name = _NAMES[channel].format(instrument.spelling)
        line = self._line_of(name) or next((line for line in _LINES if len(self._carried[line]) < _CHANNELS_MAX), None)
        if line is None:
            raise Rejected(Reason.NOT_ALLOWED, "all connections carry as many channels as they may")
        self._carried[line].add(name)
        return [(line, name)]

    def _line_of(self, name: str) -> str | None:
        return next((line for line, names in self._carried.items() if name in names), None)

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """public/subscribe or unsubscribe. Numbers are those of one connection, so its name goes before them."""
        method = "public/subscribe" if subscribe else "public/unsubscribe"
        id = f"{self._line_of(streams[0])}:{number}"
        for name in streams:
            self._running.pop(name, None)  # what was missed meanwhile is not in it
        if subscribe:
            self._asked[id] = streams
        return Command(frame(method, {"channels": list(streams)}, id).decode(), (id,))

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack | Reply]:
        """A message of a channel, the answer to a command, or a call for a sign of life."""
        said = msgspec.json.decode(frame, type=wire.Envelope)
        if said.id is not None:
            return [self._acknowledged(said)]
        notice = msgspec.json.decode(said.params, type=wire.Notice)
        if notice.type == "test_request":
            return [Reply(ALIVE)]
        kind = next((kind for kind, name in _NAMES.items() if notice.channel.startswith(name.split("{")[0])), None)
        if kind is None:
            return []
        name = notice.channel.split(".")[2 if kind is Channel.CANDLES else 1]
        symbol = self._catalog.symbol(name)
        if not self._catalog.has(symbol):
            return []
        return [Heard(kind, name, news) for news in self._news(kind, self._catalog.find(symbol), notice)]

    def _acknowledged(self, said: wire.Envelope) -> Ack:
        wanted = self._asked.pop(str(said.id), ())
        if said.error is not None:
            return Ack(said.id, self._judge.told(said.error))
        if missing := _missing(wanted, read(bytes(said.result), list[str]) if wanted else ()):
            return Ack(said.id, Rejected(Reason.UNKNOWN_INSTRUMENT, f"{', '.join(missing)}: not subscribed"))
        return Ack(said.id)

    def _news(self, kind: Channel, instrument: Instrument, notice: wire.Notice) -> Sequence[News]:
        match kind:
            case Channel.BOOK:
                return [_book(msgspec.json.decode(notice.data, type=wire.BookUpdate))]
            case Channel.TRADES:
                rows = msgspec.json.decode(notice.data, type=list[wire.PublicTradeRow])
                return [public_trade(row, instrument.symbol) for row in rows]
            case Channel.TICKER:
                return [_prices(msgspec.json.decode(notice.data, type=wire.TickerRow), instrument)]
            case _:
                bar = msgspec.json.decode(notice.data, type=wire.Bar)
                return self._candle(notice.channel, candle(bar, instrument))

    def _candle(self, channel: str, now: Candle) -> Sequence[Candle]:
        before = self._running.get(channel)
        self._running[channel] = now
        if before is None or before.open_ns >= now.open_ns:
            return [now]
        return [structs.replace(before, closed=True), now]


def _missing(wanted: Sequence[str], accepted: Sequence[str]) -> list[str]:
    """What was asked for and not accepted; portfolios come back in small letters."""
    told = {name.lower() for name in accepted}
    return [name for name in wanted if name.lower() not in told]


def _book(told: wire.BookUpdate) -> Snapshot | BookChange:
    bids, asks = (levels((price, amount) for _, price, amount in side) for side in (told.bids, told.asks))
    at_ns = told.timestamp * MS_NS
    if told.type == "snapshot":
        return Snapshot(told.change_id, bids, asks, at_ns)
    return BookChange(told.prev_change_id + 1, told.change_id, told.prev_change_id, bids, asks, at_ns)


def _prices(row: wire.TickerRow, instrument: Instrument) -> Prices:
    return Prices(
        row.timestamp * MS_NS,
        last=row.last_price,
        bid=row.best_bid_price or None,
        ask=row.best_ask_price or None,
        mark=row.mark_price,
        index=row.index_price,
        funding_rate=row.current_funding,
        volume_24h=traded(row.stats, instrument),
    )
