"""Deeds and faults by chance: whatever happened, an adapter's view is the venue's in the end."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from random import Random

from msgspec import structs
from venue_desk import Desk

from venueproof_contracts.actions import (
    AnyAction,
    Drop,
    DropManner,
    DropMessage,
    DuplicateMessage,
    FillOrder,
    Hold,
    Lag,
    LoseReply,
    LoseRequest,
    Matcher,
    Operation,
    PartlyFill,
    ReorderMessages,
    Topic,
)
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import OrderRef, Side, Trigger, TriggerKind


def fault(random: Random) -> AnyAction:
    """Trouble with one message, one question or all connections."""
    topic = random.choice([Topic.ORDER, Topic.FILL, Topic.POSITION, Topic.BALANCE])
    operation = random.choice([Operation.PLACE, Operation.CANCEL, Operation.AMEND])
    question = random.choice([Operation.ORDER, Operation.OPEN_ORDERS, Operation.FILLS, Operation.POSITIONS])
    faults: list[AnyAction] = [
        DropMessage(Matcher(topic=topic)),
        DuplicateMessage(Matcher(topic=topic)),
        ReorderMessages(Matcher(topic=topic)),
        Hold(topic, Decimal(2)),
        Lag(question, Decimal(1)),
        LoseReply(Matcher(operation=operation)),
        LoseRequest(Matcher(operation=operation)),
        Drop(DropManner.RESET),
        Drop(DropManner.SILENT),
    ]
    return random.choice(faults)


async def deed(desk: Desk, random: Random, live: list[OrderRef]) -> None:
    """Something that a caller or the market may do; an error is an answer like any other."""
    kind = random.choice(["rest", "rest", "trade", "stop", "cancel", "amend", "fill", "part", "all"])
    ref = random.choice(live) if live else None
    try:
        if kind == "rest":
            live.append((await desk.rest(random.randint(2, 6), post_only=random.random() < 0.3)).ref)
        elif kind == "trade":
            side = random.choice([Side.BUY, Side.SELL])
            await desk.adapter.place(structs.replace(desk.wish(), side=side))
        elif kind == "stop":
            trigger = Trigger(TriggerKind.STOP, price=desk.below(random.randint(7, 9)))
            wish = structs.replace(desk.wish(), side=Side.SELL, trigger=trigger)
            live.append((await desk.adapter.place(wish)).ref)
        elif kind == "all":
            await desk.adapter.cancel_all(desk.symbol)
        elif ref is not None and kind == "cancel":
            await desk.adapter.cancel(ref)
        elif ref is not None and kind == "amend":
            await desk.adapter.amend(ref, desk.below(random.randint(2, 6)), None)
        elif ref is not None and not ref.conditional:
            action = FillOrder if kind == "fill" else PartlyFill
            named = (desk.symbol, str(ref.venue_id))
            if any(order.ref.venue_id == ref.venue_id for order in (await desk.venue.bench.truth()).live_orders()):
                await desk.do(FillOrder(*named) if action is FillOrder else PartlyFill(*named, Decimal("0.01")))
    except AdapterError:
        pass


async def chaos(desk: Desk, seed: int) -> None:
    """Deeds and faults by chance, time to recover, and a look whether the view is the venue's."""
    random, live = Random(seed), list[OrderRef]()
    for _ in range(14):
        if random.random() < 0.5:
            await desk.do(fault(random))
        await deed(desk, random, live)
        await asyncio.sleep(random.choice([0.01, 0.3, 3]))
    await asyncio.sleep(110)
    await desk.view_is_true()
