"""Streams of venues that want a ping, a login, an answer for each channel, and that stream a book from its snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any, cast

import msgspec
import pytest
from peer import Peer, until, venue
from websockets.asyncio.server import ServerConnection

from venueproof.virtual import run
from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.backoff import reconnect_backoff
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS, SystemClock
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import MarketCalls, News, Snapshot
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace, Reply
from venueproof_adapters.kit.market_stream import MarketStream
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.own import Own
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events, State
from venueproof_contracts.errors import Reason, Rejected, VenueDown
from venueproof_contracts.model import (
    BookEvent,
    Candle,
    CandleEvent,
    Channel,
    ContractUnit,
    Event,
    Fill,
    FillEvent,
    Instrument,
    Level,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    OrderType,
    Side,
    StreamEvent,
    StreamState,
)

PING = Heartbeat("ping", "pong", every_s=15, within_s=5)
ONE = Decimal(1)
MINUTE_NS = 60 * SECOND_NS


def instrument(symbol: str, expires_ns: int | None = None) -> Instrument:
    return Instrument(
        *(symbol, symbol, "linear", symbol, "USDT", "USDT"),
        *(ONE, ONE, ONE, ONE, ContractUnit.BASE),
        expires_ns=expires_ns,
    )


async def obliging(peer: Peer, connection: ServerConnection, frame: str) -> None:
    """Answers pings, and acknowledges each channel by its name."""
    if frame == "ping":
        await connection.send("pong")
        return
    for name in msgspec.json.decode(frame)["args"]:
        await connection.send(msgspec.json.encode({"ack": name}).decode())


class Said(msgspec.Struct):
    """What the peer sends."""

    ack: str = ""
    ok: bool = True
    book: str = ""
    last: int = 0
    previous: int | None = None
    fill: str = ""
    order: str = ""
    echo: str = ""


class Market:
    """Streams of names like `book.A`; candles are not streamed."""

    lines: Sequence[str] = ("public",)
    heartbeat: Heartbeat | None = PING
    pace = Pace(streams_max=2, pause_s=0.5)

    def __init__(self, url: str) -> None:
        self._url = url

    def address(self, line: str) -> str:
        return self._url

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        return [] if channel is Channel.CANDLES else [("public", f"{channel}.{instrument.spelling}")]

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        frame = msgspec.json.encode({"op": "subscribe" if subscribe else "unsubscribe", "args": streams})
        return Command(frame.decode(), tuple(streams))

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack | Reply]:
        said = msgspec.json.decode(frame, type=Said)
        if said.ack:
            return [Ack(said.ack, None if said.ok else Rejected(Reason.UNKNOWN_INSTRUMENT))]
        if said.echo:
            return [Reply(msgspec.json.encode({"args": [said.echo]}).decode())]
        level = (Level(Decimal(said.last), ONE),)
        news: News = Snapshot(said.last, level, (), 0)
        if said.previous is not None:
            news = BookChange(said.last, said.last, said.previous, level, (), 0)
        return [Heard(Channel.BOOK, said.book, news)]


class Calls:
    """Questions of the market: no book, and candles that fail when told to."""

    def __init__(self) -> None:
        self.down = False
        self.began_ns = SystemClock().wall_ns() // MINUTE_NS * MINUTE_NS

    async def snapshot(self, symbol: str) -> Snapshot | None:
        return None

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        if self.down:
            raise VenueDown("charts are away")
        now = SystemClock().wall_ns() // MINUTE_NS * MINUTE_NS
        first = now - MINUTE_NS if since_ns is None else since_ns
        return [Candle(at, ONE, ONE, ONE, ONE, ONE, at < now) for at in range(first, now + 1, MINUTE_NS)]


def market(
    peer: Peer, calls: Calls, symbols: str = "ABC", expires_ns: int | None = None
) -> tuple[MarketStream, Events]:
    catalog, events = Catalog(), Events()
    catalog.load([instrument(one, expires_ns) for one in symbols])
    stream = MarketStream(
        Parts(),
        Market(peer.url),
        cast(MarketCalls, calls),
        catalog,
        events,
        SystemClock().wall_ns,
        reconnect_backoff(Random(1)),
        SocketOptions(),
    )
    return stream, events


async def take(events: Events, kind: type[Event], count: int = 1) -> list[Any]:
    found: list[Event] = []
    async with asyncio.timeout(900):
        while len(found) < count:
            event = await events.next()
            if isinstance(event, kind):
                found.append(event)
    return found


def test_the_ping_comes_before_everything_and_one_without_an_answer_ends_the_connection() -> None:
    async def main() -> tuple[list[str], StreamEvent]:
        deaf = False

        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if frame != "ping" or not deaf:
                await obliging(peer, connection, frame)

        async with venue(answer) as peer:
            stream, events = market(peer, Calls())
            await stream.subscribe(Channel.TRADES, "A")
            await take(events, StreamEvent)
            deaf = True

            async def chatter() -> None:
                while True:  # data goes on: it is no answer to a ping
                    await peer.push(echo="x")
                    await asyncio.sleep(1)

            talking = asyncio.create_task(chatter())
            down = (await take(events, StreamEvent))[0]
            deaf = False
            talking.cancel()
            await until(lambda: len(peer.frames) == 2)
            await stream.close()
            return peer.frames[0], down

    frames, down = run(main())
    assert frames[0] == "ping"
    assert "subscribe" in frames[1]
    assert (down.state, down.reason) == (StreamState.DOWN, "a ping was not answered")


def test_a_streamed_book_begins_anew_after_a_gap() -> None:
    async def main() -> tuple[list[str], list[Any]]:
        snapshots = 0

        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            nonlocal snapshots
            await obliging(peer, connection, frame)
            if '"subscribe"' in frame:
                snapshots += 100
                await peer.push(book="A", last=snapshots)

        async with venue(answer) as peer:
            stream, events = market(peer, Calls())
            await stream.subscribe(Channel.BOOK, "A")
            await peer.push(book="A", last=101, previous=100)
            await peer.push(book="A", last=90, previous=101)  # the venue counts anew
            await peer.push(book="A", last=93, previous=92)
            told: list[Any] = []
            while not told or not (isinstance(told[-1], StreamEvent) and told[-1].state is StreamState.RESYNCED):
                told.append(await events.next())
            await stream.close()
            return peer.frames[0], told

    frames, told = run(main())
    assert [name for frame in frames for name in ("unsubscribe", "subscribe") if f'"{name}"' in frame] == [
        "subscribe",
        "unsubscribe",
        "subscribe",
    ]
    books = [max(level.price for level in event.book.bids) for event in told if isinstance(event, BookEvent)]
    assert books == [100, 101, 101, 200]
    assert [event.state for event in told if isinstance(event, StreamEvent)][-2:] == [
        StreamState.GAP,
        StreamState.RESYNCED,
    ]


def test_a_streamed_book_is_told_after_its_stream_is_up_again() -> None:
    async def main() -> list[Any]:
        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if '"subscribe"' in frame:
                await peer.push(book="A", last=7)  # before the acknowledgement
            await obliging(peer, connection, frame)

        async with venue(answer) as peer:
            stream, events = market(peer, Calls())
            await stream.subscribe(Channel.BOOK, "A")
            await peer.connections[-1].close()
            told = [await events.next() for _ in range(6)]
            await stream.close()
            return told

    assert [one.state if isinstance(one, StreamEvent) else type(one) for one in run(main())] == [
        *(BookEvent, StreamState.UP, StreamState.DOWN),
        *(StreamState.UP, BookEvent, StreamState.RESYNCED),
    ]


def test_streams_are_asked_for_again_in_bearable_frames_and_a_dead_one_stops_no_other() -> None:
    async def main() -> list[str]:
        gone = ""

        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if frame == "ping":
                return await obliging(peer, connection, frame)
            for name in msgspec.json.decode(frame)["args"]:
                await connection.send(msgspec.json.encode({"ack": name, "ok": name != gone}).decode())

        async with venue(answer) as peer:
            stream, events = market(peer, Calls(), "ABCDE")
            for symbol in "ABCDE":
                await stream.subscribe(Channel.TRADES, symbol)
            await take(events, StreamEvent, 5)
            gone = "trades.B"
            await peer.connections[-1].close()
            back = await take(events, StreamEvent, 5 + 2 * 4)
            await stream.close()
            assert {event.instrument for event in back[5:]} == set("ACDE")
            return [frame for frame in peer.frames[1] if frame != "ping"]

    asked = [msgspec.json.decode(frame)["args"] for frame in run(main())]
    assert asked == [["trades.A", "trades.B"], ["trades.A"], ["trades.B"], ["trades.C", "trades.D"], ["trades.E"]]


def test_what_expired_is_not_asked_for_any_more() -> None:
    async def main() -> tuple[list[StreamEvent], list[list[str]]]:
        async with venue(obliging) as peer:
            stream, events = market(peer, Calls(), "A", SystemClock().wall_ns() + 600 * SECOND_NS)
            await stream.subscribe(Channel.TRADES, "A")
            told = await take(events, StreamEvent, 2)
            await peer.connections[-1].close()
            await asyncio.sleep(60)
            await stream.close()
            return told, [[frame for frame in frames if frame != "ping"] for frames in peer.frames]

    told, frames = run(main())
    assert [(event.state, event.reason) for event in told] == [
        (StreamState.UP, ""),
        (StreamState.DOWN, "the instrument expired"),
    ]
    assert ['"unsubscribe"' in frame for frame in frames[0]] == [False, True]
    assert frames[1:] == [[]]


def test_what_the_venue_wants_back_is_sent_back() -> None:
    async def main() -> None:
        async with venue(obliging) as peer:
            stream, _ = market(peer, Calls())
            await stream.subscribe(Channel.TRADES, "A")
            await peer.push(echo="proof")
            await until(lambda: any("proof" in frame for frame in peer.frames[0]))
            await stream.close()

    run(main())


def test_polled_candles_catch_up_after_a_poll_that_failed() -> None:
    async def main() -> tuple[list[int], list[StreamState]]:
        async with venue(obliging) as peer:
            calls = Calls()
            stream, events = market(peer, calls)
            await stream.subscribe(Channel.CANDLES, "A")
            calls.down = True
            told: list[Any] = []
            while not any(isinstance(one, StreamEvent) and one.state is StreamState.DOWN for one in told):
                told.append(await events.next())
            await asyncio.sleep(180)
            calls.down, back_ns = False, SystemClock().wall_ns()
            while told[-1] != StreamEvent(Channel.CANDLES, StreamState.RESYNCED, "A"):
                told.append(await events.next())
            assert SystemClock().wall_ns() - back_ns < 10 * SECOND_NS
            await stream.close()
            assert not peer.frames
            opens = dict.fromkeys(one.candle.open_ns for one in told if isinstance(one, CandleEvent))
            return list(opens), [one.state for one in told if isinstance(one, StreamEvent)]

    opens, states = run(main())
    assert {after - before for before, after in pairwise(opens)} == {MINUTE_NS}
    assert len(opens) >= 5
    assert states == [StreamState.UP, StreamState.DOWN, StreamState.UP, StreamState.RESYNCED]


# --- the account ---


class Account:
    """Two connections; each logs in, then asks for its channels."""

    lines: Sequence[str] = ("private", "business")
    heartbeat: Heartbeat | None = PING
    renew_every_s = 100.0

    def __init__(self, url: str) -> None:
        self._url = url
        self.renewed = 0

    async def address(self, line: str) -> str:
        return f"{self._url}/{line}"

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        await dialogue.demand(_asking("login"), "login")
        await dialogue.demand(_asking("fills", "orders"), "fills", "orders")

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        await dialogues["private"].demand(_asking("renew"), "renew")
        self.renewed += 1
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        said = msgspec.json.decode(frame, type=Said)
        if said.ack:
            stream.dialogues[line].answer(said.ack)
        if said.fill:
            ref = OrderRef("A", "", "7")
            stream.hear_fill(Fill(said.fill, ref, Side.BUY, ONE, ONE, None, None, None, SystemClock().wall_ns()))
        if said.order:
            done = Order(OrderRef("A", said.order, "7"), Side.BUY, OrderType.MARKET, OrderStatus.FILLED, ONE, ONE)
            stream.hear_order(Told(done, said.order), None)


def _asking(*names: str) -> str:
    return msgspec.json.encode({"op": "x", "args": names}).decode()


class Asked:
    """In the place of the questions: counts how often everything was asked for."""

    def __init__(self) -> None:
        self.times = 0

    async def refresh(self, *_: object) -> None:
        self.times += 1


def account(peer: Peer) -> tuple[AccountStream, Events, Account, Asked]:
    catalog, events, parts, source = Catalog(), Events(), Parts(), Account(peer.url)
    catalog.load([instrument("A")])
    state = State(parts, IdMap(r"[a-z]{1,9}", 9), events, catalog)
    now_ns, backoff = SystemClock().wall_ns, reconnect_backoff(Random(1))
    stream = AccountStream(parts, source, catalog, state, now_ns, backoff, SocketOptions())
    asked = Asked()
    stream.connect_to(cast(Own, asked))
    return stream, events, source, asked


def test_nothing_is_subscribed_before_the_login_was_answered() -> None:
    async def main() -> list[list[str]]:
        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if "login" not in frame:
                await obliging(peer, connection, frame)

        async with venue(answer) as peer:
            stream, _, _, _ = account(peer)
            with pytest.raises(VenueDown):
                await stream.subscribe()
            return peer.frames

    assert run(main()) == [["ping", _asking("login")]]


def test_an_account_of_two_connections_is_up_when_both_are() -> None:
    async def main() -> tuple[list[StreamState], int, int]:
        async with venue(obliging) as peer:
            stream, events, source, asked = account(peer)
            await stream.subscribe()
            assert await take(events, StreamEvent) == [StreamEvent(Channel.ACCOUNT, StreamState.UP)]
            await asyncio.sleep(250)
            times = asked.times
            for connection in peer.connections[:2]:
                await connection.close()
            states = [event.state for event in await take(events, StreamEvent, 3)]
            logins = sum(_asking("login") in frames for frames in peer.frames)
            await stream.close()
            assert asked.times == times + 1
            return states, logins, source.renewed

    states, logins, renewed = run(main())
    assert states == [StreamState.DOWN, StreamState.UP, StreamState.RESYNCED]
    assert (logins, renewed) == (4, 2)


@pytest.mark.parametrize("first", ["fill", "order"])
def test_an_execution_is_told_with_its_intent_whichever_message_comes_first(first: str) -> None:
    async def main() -> list[Any]:
        async with venue(obliging) as peer:
            stream, events, _, _ = account(peer)
            await stream.subscribe()
            messages = [{"fill": "f1"}, {"order": "wish"}]
            for message in messages if first == "fill" else messages[::-1]:
                await peer.push(**message)
            await peer.push(fill="f1")
            told: list[Any] = []
            while len(told) < 2:
                told += [one for one in [await events.next()] if isinstance(one, FillEvent | OrderEvent)]
            await asyncio.sleep(10)
            await stream.close()
            return told

    told = run(main())
    fill, order = told if first == "fill" else told[::-1]
    assert (fill.fill.fill_id, fill.fill.ref.intent_id) == ("f1", "wish")
    assert order.order.status is OrderStatus.FILLED


def test_fills_that_go_further_than_their_order_make_the_account_be_asked_for() -> None:
    async def main() -> int:
        async with venue(obliging) as peer:
            stream, _, _, asked = account(peer)
            await stream.subscribe()
            await peer.push(order="wish")
            await peer.push(fill="f1")
            await peer.push(fill="f2")
            before = asked.times
            await asyncio.sleep(10)
            await stream.close()
            return asked.times - before

    assert run(main()) == 1
