"""Streams: a connection that ends comes back by itself, and one that died silently is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from venueproof_contracts.actions import FillOrder, PrintTrade, SetPrice
from venueproof_contracts.bench import HOURS, TRUTH, WireKind
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_once, connections_since, fills_of, near, requests_since
from venueproof_contracts.model import Channel, Order, OrderStatus, Side, StreamEvent, StreamState, Ticker
from venueproof_contracts.wording import words

COMES_BACK_S = 60
IDLE_S = 75 * 60
"""Longer than what keeps a stream alive lasts on any venue where it lasts an hour or less."""
REFUSED_FROM = 400
IDLE_REQUEST_EVERY_S = 5
"""Comparing everything twice a minute and renewing what expires stays well below."""
TRADES_APART_S = 2
"""Far enough for a venue that tells trades of one moment as one."""
PROMPT_S = 10
NEEDS = {Capability.PLACE, Capability.STREAM_ORDERS, Capability.STREAM_FILLS}


@clause(
    "WSS-010",
    "a dropped stream comes back by itself",
    why="Streams end every day; a bot that does not hear its fills again trades blind until somebody looks.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="stream.drop",
)
async def dropped_stream(case: Case) -> None:
    """A stream that the venue ended is connected and subscribed again by the adapter, which says that it went down and
    came up; events go on, and reconnecting does not storm the venue."""
    await case.listen()
    order = await case.rest()
    mark, said = len(case.bench.wire()), len(case.fold.stream)
    provoked = await case.provoke()
    await case.bench.sleep(float(provoked.settles_s) + COMES_BACK_S)
    _check_calm(case, mark, float(provoked.settles_s))
    _check_said(case, case.fold.stream[said:], Channel.ACCOUNT)
    await _check_heard(case, order)


def _check_calm(case: Case, mark: int, refused_s: float = 0) -> None:
    """One stream and its questions need a handful of connections; a second for each try is a patient rhythm."""
    opened = connections_since(case, mark)
    case.check_manners(opened <= 10 + refused_s, f"{opened} connections, refused for {refused_s} s of that time")


def _check_said(case: Case, events: Sequence[StreamEvent], channel: Channel) -> None:
    states = [event.state for event in events if event.channel is channel]
    down = states.index(StreamState.DOWN) if StreamState.DOWN in states else None
    case.check(down is not None, f"the stream was dropped and said {words(states)}")
    up = down is not None and any(state in (StreamState.UP, StreamState.RESYNCED) for state in states[down:])
    case.check(up, f"the stream came back and said {words(states)}")


async def _check_heard(case: Case, order: Order, seconds: float = PROMPT_S) -> None:
    """Fill the order now: its fill and its end are heard promptly, each once."""
    await case.fill(order)
    intent_id = order.ref.intent_id
    fills = await case.wait_for(lambda: case.fold.fills_of(intent_id), seconds)
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, fills, true, "fill events")
    await case.wait_for(lambda: _heard_status(case, order) is OrderStatus.FILLED, seconds)
    status = _heard_status(case, order)
    case.check(status is OrderStatus.FILLED, f"filled at the venue, last heard {status}")


def _heard_status(case: Case, order: Order) -> OrderStatus | None:
    heard = case.fold.orders.get(order.ref.intent_id)
    return None if heard is None else heard.status


@clause(
    "WSS-020",
    "a stream that died silently is noticed",
    why="The socket stays open and nothing comes: the bot believes that its orders rest while they fill.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="stream.silent-death",
    managed_only=True,
)
async def silent_death(case: Case) -> None:
    """An account stream that died without a word is noticed within the adapter's recovery bound, what was missed is
    told, and events go on; setting it up anew does not storm the venue."""
    await case.listen()
    order, later = await case.rest(), await case.rest(percent=3)
    mark = len(case.bench.wire())
    await case.provoke()
    await case.fill(order)
    await case.bench.settle()
    _check_calm(case, mark)
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")
    await _check_heard(case, later)


@clause(
    "WSS-030",
    "an idle stream stays alive",
    why="Sessions need pings and keys need renewing; a quiet afternoon must not end in deafness.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder, HOURS),
)
async def idle_stream(case: Case) -> None:
    """In more than an hour in which nothing happens the account stream never goes down, it still tells of a fill within
    seconds afterwards, and keeping it alive takes few requests, of which none is refused."""
    await case.listen()
    order = await case.rest()
    mark, rows = len(case.fold.stream), len(case.bench.wire())
    await case.bench.sleep(IDLE_S)
    sent = requests_since(case, rows)
    limit = IDLE_S / IDLE_REQUEST_EVERY_S
    case.check_manners(sent <= limit, f"{sent} requests in {IDLE_S} s in which nothing happened")
    refused = [row for row in case.bench.wire()[rows:] if row.kind is WireKind.REPLY and row.status >= REFUSED_FROM]
    case.check_manners(
        not refused, f"{len(refused)} of them were refused, the first with {refused and refused[0].text}"
    )
    await _check_heard(case, order)
    downs = [one for one in case.fold.stream[mark:] if one.state is StreamState.DOWN]
    case.check(not downs, f"went down {len(downs)} times: {', '.join(one.reason for one in downs)}")


@clause(
    "WSS-040",
    "a stream whose credential expired is set up anew",
    why="The venue says that the stream ended; a client that does not know the message waits for ever.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="credential.expired",
)
async def expired_credential(case: Case) -> None:
    """When the venue says that the credential of the account's stream expired, the adapter gets a new one and events go
    on; setting it up anew does not storm the venue."""
    await case.listen()
    order = await case.rest()
    mark = len(case.bench.wire())
    await case.provoke()
    await case.bench.sleep(COMES_BACK_S)
    _check_calm(case, mark)
    await _check_heard(case, order)


@clause(
    "WSS-050",
    "streamed trades come once each, with the taker's side",
    why="A trade told twice, or with the maker's side, doubles or turns every pressure that is measured.",
    capabilities={Capability.STREAM_TRADES},
    powers=(PrintTrade,),
)
async def streamed_trades(case: Case) -> None:
    """Public trades are streamed in their order, each once, with the venue's price, the amount in contracts and the
    side of the taker."""
    await case.adapter.subscribe(Channel.TRADES, case.symbol)
    printed = [await _print(case, side, times) for side, times in ((Side.BUY, 1), (Side.SELL, 2), (Side.SELL, 3))]
    await case.wait_for(lambda: len(case.fold.trades) >= len(printed), PROMPT_S)
    heard = [(one.price, one.amount, one.side) for one in case.fold.trades]
    case.check(heard == printed, f"traded were {_listed(printed)}; streamed were {_listed(heard)}")
    case.check(all(one.instrument == case.symbol for one in case.fold.trades), "under another symbol")


Printed = tuple[Decimal, Decimal, Side]


async def _print(case: Case, side: Side, times: int) -> Printed:
    """Let two strangers trade, and a moment pass."""
    price, amount = case.price_at(0) + times * case.instrument.price_tick, case.amount(times)
    await case.bench.do(PrintTrade(case.symbol, price, amount, side))
    await case.bench.sleep(TRADES_APART_S)
    return price, amount, side


def _listed(trades: Sequence[Printed]) -> str:
    return ", ".join(f"{side} {amount} at {price}" for price, amount, side in trades) or "none"


@clause(
    "WSS-060",
    "a streamed ticker follows the market",
    why="Prices that stand still look like a quiet market, until the stop that hangs on them is a minute late.",
    capabilities={Capability.STREAM_TICKER},
    powers=(TRUTH, SetPrice),
)
async def streamed_ticker(case: Case) -> None:
    """After each move of the market the streamed ticker of the instrument comes to the venue's last price and, where it
    tells them, to its bid, ask and mark."""
    await case.adapter.subscribe(Channel.TICKER, case.symbol)
    for percent in (1, -1):
        await case.move_price(percent)
        wrong = await _still_wrong(case)
        case.check(not wrong, f"{PROMPT_S} s after the move: {'; '.join(wrong)}")
    case.check(set(case.fold.tickers) == {case.symbol}, f"told of {sorted(case.fold.tickers)}")


async def _still_wrong(case: Case) -> list[str]:
    """What is wrong with the last ticker heard, given time to come."""
    true = (await case.bench.market(case.symbol)).ticker
    await case.wait_for(lambda: not _wrong(case, true), PROMPT_S)
    return _wrong(case, true)


def _wrong(case: Case, true: Ticker) -> list[str]:
    """Figures of the last ticker heard that are not the venue's."""
    heard = case.fold.tickers.get(case.symbol)
    if heard is None or heard.last is None:
        return ["no last price was heard"]
    pairs = [(name, getattr(heard, name), getattr(true, name)) for name in ("last", "bid", "ask", "mark")]
    half = case.instrument.price_tick / 2
    return [f"{name} {seen}, at the venue {fact}" for name, seen, fact in pairs if seen and not near(seen, fact, half)]


@clause(
    "WSS-070",
    "unsubscribing ends a channel, and it can be had again",
    why="Channels that pile up end in a refused subscription; one that stays ended leaves its strategy without prices.",
    capabilities={Capability.STREAM_TRADES},
    powers=(PrintTrade,),
)
async def unsubscribing(case: Case) -> None:
    """After `unsubscribe` nothing of the channel is told any more, a second `subscribe` brings it back, and subscribing
    twice does not tell things twice; the venue is asked no more often than that."""
    mark = len(case.bench.wire())
    for _ in range(2):
        await case.adapter.subscribe(Channel.TRADES, case.symbol)
    await _check_told(case, 1, "after subscribing twice")
    await case.adapter.unsubscribe(Channel.TRADES, case.symbol)
    await _check_told(case, 0, "after unsubscribing")
    await case.adapter.subscribe(Channel.TRADES, case.symbol)
    await _check_told(case, 1, "after subscribing again")
    _check_calm(case, mark)


async def _check_told(case: Case, times: int, when: str) -> None:
    await case.bench.sleep(TRADES_APART_S)
    heard = len(case.fold.trades)
    await _print(case, Side.BUY, 1)
    await case.bench.sleep(TRADES_APART_S)
    told = len(case.fold.trades) - heard
    case.check(told == times, f"{when} a trade was told {told} times")


@clause(
    "WSS-080",
    "market channels come back with their connection",
    why="The socket is up again and the subscription is not: prices stand still, and nobody is told.",
    capabilities={Capability.STREAM_TRADES, Capability.STREAM_BOOK},
    powers=(TRUTH, PrintTrade),
    kind="stream.drop",
)
async def market_comes_back(case: Case) -> None:
    """When the venue ends the connections of market channels the adapter says that they went down and came up, each is
    subscribed again by itself, and reconnecting does not storm the venue."""
    for channel in (Channel.TRADES, Channel.BOOK):
        await case.adapter.subscribe(channel, case.symbol)
    mark, said = len(case.bench.wire()), len(case.fold.stream)
    provoked = await case.provoke()
    await case.bench.sleep(float(provoked.settles_s) + COMES_BACK_S)
    _check_calm(case, mark, float(provoked.settles_s))
    for channel in (Channel.TRADES, Channel.BOOK):
        _check_said(case, case.fold.stream[said:], channel)
    heard = len(case.fold.trades)
    printed = await _print(case, Side.SELL, 2)
    told = [(one.price, one.amount, one.side) for one in case.fold.trades[heard:]]
    case.check(told == [printed], f"traded was {_listed([printed])}; streamed were {_listed(told)}")
