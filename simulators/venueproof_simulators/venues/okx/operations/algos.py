"""Conditional orders: placing, amending, canceling, looking them up; and those that were attached to other orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from venueproof_simulators.engine.commands import AmendConditional, CancelConditional, PlaceConditional
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus, TriggerKind
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, OrderKind, OrderState, PositionSide, Side
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError, refused
from venueproof_simulators.venues.okx.operations.algo_reading import (
    Planned,
    callback_ppm,
    callback_ticks,
    read_algo,
    side_commands,
)
from venueproof_simulators.venues.okx.operations.answers import (
    ALGO_AMENDED,
    ALGO_CANCELED,
    ALGO_PLACED,
    Answer,
    each,
    one,
)
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.operations.notes import STOP, TAKE, TRAIL, TRIGGER, Algo, Attached, Leg, OrderNote
from venueproof_simulators.venues.okx.operations.order_queries import page
from venueproof_simulators.venues.okx.operations.order_reading import WATCHES, client_id_of, read_price, read_size
from venueproof_simulators.venues.okx.operations.orders import fields_of, set_mode
from venueproof_simulators.venues.okx.operations.parameters import instrument_type
from venueproof_simulators.venues.okx.products import INSTRUMENT_TYPES, SWAP
from venueproof_simulators.venues.okx.wire import algos as wire
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, conditional_of
from venueproof_simulators.venues.okx.wire.orders import order_document

Rows = list[Document]
Wanted = Callable[[Document], bool]
_ALL_KINDS = ("conditional", "oco", "trigger", "move_order_stop", "iceberg", "twap", "chase", "smart_iceberg")
_STATES = {"effective": 1, "canceled": 1, "order_failed": 1, "partially_effective": 1, "partially_failed": 1}


# --- placing ----------------------------------------------------------------------------------------------------------


def place(call: Call) -> Answer:
    """POST trade/order-algo."""
    return one(call, place_row, ALGO_PLACED)


def place_row(call: Call, sent: Parameters) -> Document:
    """One conditional order: that it was taken in. Raises `VenueError`."""
    planned = read_algo(call, sent)
    set_mode(call, planned.listing, planned.mode, planned.algo.leverage_centi)
    found = let_wait(call.desk, planned, call.time)
    if found is not None:
        role, refusal = found
        raise VenueError(_key(call, planned, role, refusal), **fields_of(call, planned.listing))
    return wire.algo_row(planned.algo)


def let_wait(desk: Desk, planned: Planned, time: VenueTime) -> tuple[str, Refusal] | None:
    """Let everything wait that belongs together, or nothing; gives what was refused, and why."""
    group = f"algo-{len(desk.keep.algo_of) + 1}" if len(planned.commands) > 1 else ""
    for number, (role, command) in enumerate(planned.commands.items()):
        own_id = command.client_id if not number else ""
        told = replace(command, oco_group=group, client_id=own_id)
        found = refused(desk.command(told, time, planned.algo), planned.algo.account)
        if found is not None:
            _take_back(desk, planned.algo, time)
            return role, found.refusal
    return None


def _take_back(desk: Desk, algo: Algo, time: VenueTime) -> None:
    for state in desk.waiting_of(algo).values():
        if state.status is ConditionalStatus.WAITING:
            desk.command(CancelConditional(algo.account, algo.instrument, state.conditional_id), time)


def _key(call: Call, planned: Planned, role: str, refusal: Refusal) -> str:
    side = planned.commands[role].side
    if refusal is Refusal.WOULD_TRIGGER:
        return wire.would_trigger_key(role, side)
    if refusal is Refusal.TRIGGER_PRICE and role == TRAIL:
        return "trail-buy" if side is Side.BUY else "trail-sell"
    return call.desk.errors.for_refusal(refusal).key


# --- attached ---------------------------------------------------------------------------------------------------------


def begin_attached(desk: Desk, order: OrderState, note: OrderNote, time: VenueTime) -> None:
    """An order has filled: what was attached to it begins to wait. What cannot wait is not there."""
    listing = desk.listings[order.instrument]
    note.attached = tuple(_begin(desk, listing, order, note, one, time) for one in note.attached)


def _begin(
    desk: Desk, listing: Listing, order: OrderState, note: OrderNote, attached: Attached, time: VenueTime
) -> Attached:
    sides = {name: leg for name, leg in ((TAKE, attached.take), (STOP, attached.stop)) if leg is not None}
    algo = Algo(
        algo_id="",
        account=order.account,
        instrument=order.instrument,
        kind="oco" if len(sides) > 1 else "conditional",
        td_mode=note.td_mode,
        leverage_centi=note.leverage_centi,
        client_id=attached.client_id,
        take=attached.take,
        stop=attached.stop,
    )
    usual = PlaceConditional(
        account=order.account,
        instrument=order.instrument,
        side=order.side.opposite,
        trigger=TriggerKind.STOP,
        kind=OrderKind.MARKET,
        lots=order.lots,
        reduce_only=order.position_side is PositionSide.NET,
        position_side=order.position_side,
        client_id=attached.client_id,
        ends_when_flat=True,
    )
    try:
        planned = Planned(listing, algo, side_commands(listing, sides, usual), MarginMode(note.td_mode))
    except VenueError:
        return attached
    let_wait(desk, planned, time)
    return replace(attached, algo_id=algo.algo_id)


# --- finding ----------------------------------------------------------------------------------------------------------


def _find(call: Call, sent: Parameters, unknown: str) -> Algo:
    spelled, client_id = sent.raw("algoId") or "", client_id_of(sent, "algoClOrdId")
    if not spelled and not client_id:
        raise VenueError("either-missing", parameter="algoId", other="algoClOrdId")
    algo = call.desk.find_algo(call.account.name, spelled, client_id)
    if algo is None:
        raise VenueError(unknown)
    return algo


def _waiting(call: Call, algo: Algo, unknown: str) -> dict[str, ConditionalState]:
    """What still waits. Raises `VenueError` when nothing does."""
    found = {
        name: state for name, state in call.desk.waiting_of(algo).items() if state.status is ConditionalStatus.WAITING
    }
    if not found:
        raise VenueError(unknown)
    return found


def query(call: Call) -> Rows:
    """GET trade/order-algo."""
    return [document(call.desk, _find(call, call.parameters, "unknown-order"), call.time)]


def document(desk: Desk, algo: Algo, time: VenueTime) -> Document:
    """A conditional order as it is told."""
    states = desk.waiting_of(algo)
    listing = desk.listings[algo.instrument]
    led = next((order for state in states.values() if (order := desk.order_of(state)) is not None), None)
    shown: Document | None = None
    if led is not None:
        key = (led.instrument, led.order_id)
        shown = order_document(listing, led, desk.keep.order(key), desk.keep.number(key), time)
    failed = next((one for one in states.values() if one.status is ConditionalStatus.REJECTED), None)
    fail_code = str(desk.errors.for_refusal(Refusal(failed.reason)).code) if failed else ""
    last = desk.engine.ticker(algo.instrument, time.true_ns).last
    return wire.algo_document(listing, algo, states, shown, fail_code, last, time)


def pending(call: Call) -> Rows:
    """GET trade/orders-algo-pending: of kinds that must be named, newest first."""
    return _listed(call, lambda row: row["state"] == wire.LIVE)


def history(call: Call) -> Rows:
    """GET trade/orders-algo-history: of kinds that must be named, by state or id."""
    state, spelled = call.parameters.option("state", _STATES, "not-valid", None), call.parameters.raw("algoId")
    if state is None and spelled is None:
        raise VenueError("either-missing", parameter="state", other="algoId")
    word = call.parameters.raw("state")
    return _listed(call, lambda row: row["state"] != wire.LIVE and word in (None, row["state"]))


def _listed(call: Call, wanted: Wanted) -> Rows:
    sent = call.parameters
    kinds = sent.text("ordType").split(",")
    if not set(kinds) <= set(_ALL_KINDS):
        raise VenueError("not-valid", parameter="ordType")
    if instrument_type(sent, INSTRUMENT_TYPES, mandatory=False) not in ("", SWAP):
        return []
    name, spelled, client_id = sent.raw("instId"), sent.raw("algoId"), sent.raw("algoClOrdId")
    found = [
        row
        for algo in reversed(call.desk.keep.algos.values())
        if algo.account == call.account.name
        and algo.kind in kinds
        and name in (None, algo.instrument)
        and spelled in (None, algo.algo_id)
        and client_id in (None, algo.client_id)
        and wanted(row := document(call.desk, algo, call.time))
    ]
    return page(sent, found, lambda row: conditional_of(str(row["algoId"])), conditional_of)


# --- canceling --------------------------------------------------------------------------------------------------------


def cancel(call: Call) -> Answer:
    """POST trade/cancel-algos, and its older path for trailing orders."""
    return each(call, cancel_row, ALGO_CANCELED, "batch-algos")


def cancel_row(call: Call, sent: Parameters) -> Document:
    """One cancellation. Raises `VenueError`."""
    call.desk.listing(sent.text("instId"))
    algo = _find(call, sent, "unknown-cancel")
    _waiting(call, algo, "unknown-cancel")
    _take_back(call.desk, algo, call.time)
    return wire.canceled_row(algo)


# --- amending ---------------------------------------------------------------------------------------------------------


def amend(call: Call) -> Answer:
    """POST trade/amend-algos."""
    return one(call, amend_row, ALGO_AMENDED)


def amend_row(call: Call, sent: Parameters) -> Document:
    """One amendment. Raises `VenueError`."""
    listing = call.desk.listing(sent.text("instId"))
    algo = _find(call, sent, "unknown-amend")
    waiting = _waiting(call, algo, "unknown-amend")
    changed = {role: _change(call, sent, listing, algo, role, state) for role, state in waiting.items()}
    if not any(changed.values()):
        raise VenueError("nothing-to-amend")
    algo.request_id = client_id_of(sent, "reqId")
    for role, command in changed.items():
        if command is not None:
            _check_amended(call, listing, algo, role, call.desk.command(command, call.time))
    return wire.amended_row(algo)


def _check_amended(call: Call, listing: Listing, algo: Algo, role: str, events: Sequence[Event]) -> None:
    found = refused(events, algo.account)
    if found is not None:
        state = call.desk.waiting_of(algo)[role]
        there = found.refusal is Refusal.WOULD_TRIGGER
        key = wire.would_trigger_key(role, state.side) if there else call.desk.errors.for_refusal(found.refusal).key
        raise VenueError(key, **fields_of(call, listing))


def _change(
    call: Call, sent: Parameters, listing: Listing, algo: Algo, role: str, state: ConditionalState
) -> AmendConditional | None:
    """What of one that waits is to be another; None for nothing. Raises `VenueError`."""
    lots = read_size(listing, sent, "newSz") if sent.has("newSz") else None
    command = AmendConditional(algo.account, algo.instrument, state.conditional_id, lots=lots)
    if role == TRAIL:
        changed = _trail_change(sent, listing, algo, command)
    else:
        changed = _leg_change(sent, listing, algo, role, command)
    return changed if changed != AmendConditional(algo.account, algo.instrument, state.conditional_id) else None


_NAMES = {
    TAKE: ("newTpTriggerPx", "newTpOrdPx", "newTpTriggerPxType"),
    STOP: ("newSlTriggerPx", "newSlOrdPx", "newSlTriggerPxType"),
    TRIGGER: ("newTriggerPx", "newOrdPx", "newTriggerPxType"),
}


def _leg_change(
    sent: Parameters, listing: Listing, algo: Algo, role: str, command: AmendConditional
) -> AmendConditional:
    trigger, price, watches = _NAMES[role]
    before = {TAKE: algo.take, STOP: algo.stop, TRIGGER: algo.trigger}[role] or Leg("", "")
    word = sent.word(watches, WATCHES, "not-valid", before.watches)
    after = Leg(sent.raw(trigger) or before.trigger, sent.raw(price) or before.price, word)
    if sent.has(trigger):
        command = replace(command, trigger_ticks=read_price(listing, sent, trigger))
    if sent.has(price) and sent.raw(price) != "-1":
        command = replace(command, ticks=read_price(listing, sent, price))
    if role == TAKE:
        algo.take = after
    elif role == STOP:
        algo.stop = after
    else:
        algo.trigger = after
    return command


def _trail_change(sent: Parameters, listing: Listing, algo: Algo, command: AmendConditional) -> AmendConditional:
    ratio, spread = sent.number_or_none("newCallbackRatio"), sent.number_or_none("newCallbackSpread")
    if ratio is not None:
        algo.callback_ratio, algo.callback_spread = ratio, ""
        command = replace(command, callback_ppm=callback_ppm(ratio))
    elif spread is not None:
        algo.callback_ratio, algo.callback_spread = "", spread
        command = replace(command, callback_ticks=callback_ticks(listing, spread))
    if sent.has("newActivePx"):
        algo.activation = str(sent.raw("newActivePx"))
        command = replace(command, activation_ticks=read_price(listing, sent, "newActivePx"))
    return command
