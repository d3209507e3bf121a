"""The algo service: placing, ending and asking for conditional orders."""

from __future__ import annotations

from collections.abc import Iterable

from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged, Event, Refused
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.algo_reading import AlgoRequest, read_algo
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.order_queries import chosen, span_ms
from venueproof_simulators.venues.binance.operations.orders import (
    CANCELED_ALL,
    check_engine_window,
    refusal_error,
    till_age_ns,
)
from venueproof_simulators.venues.binance.operations.restrictions import check_restrictions
from venueproof_simulators.venues.binance.wire.algos import (
    GOOD_TILL,
    algo_document,
    algo_reply,
    algo_row,
    canceled_document,
)

_TRAILING = frozenset({"activatePrice", "callbackRate"})
LIVE_ALGO = frozenset({ConditionalStatus.WAITING, ConditionalStatus.TRIGGERING, ConditionalStatus.TRIGGERED})
"""Statuses in which a conditional order is listed as open."""


def place(call: Call) -> Document:
    """POST algoOrder."""
    request = read_algo(call)
    check_restrictions(call, request.command)
    check_engine_window(call)
    algo = placed(call, request, call.desk.command(request.command, call.time, request.note))
    if request.note.good_till_ms:
        call.desk.expire_conditional_at(algo, till_age_ns(call, request.note.good_till_ms), GOOD_TILL)
    return algo_reply(request.listing, algo, request.note, call.time)


def place_over_socket(call: Call) -> Document:
    """algoOrder.place: the answer leaves out what trailing orders alone have."""
    return {name: value for name, value in place(call).items() if name not in _TRAILING}


def placed(call: Call, request: AlgoRequest, events: Iterable[Event]) -> ConditionalState:
    """The conditional order as it was taken in. Raises `VenueError`."""
    account, client_id = call.account.name, request.command.client_id
    for event in events:
        if isinstance(event, Refused) and event.account == account and event.client_id == client_id:
            raise refusal_error(call, request.listing, request.command.side, event.refusal)
        if isinstance(event, ConditionalChanged) and event.cause is ConditionalCause.OPENED:
            algo = event.conditional
            if algo.client_id == client_id and algo.account == account:
                return algo
    raise LookupError(f"the engine told nothing of the conditional order {client_id!r}")


def cancel(call: Call) -> Document:
    """DELETE algoOrder: only one that waits; one that fires already is as unknown as one that ended."""
    algo = _find(call, "unknown-order-cancel")
    if algo.status is not ConditionalStatus.WAITING:
        raise VenueError("unknown-order-cancel")
    for event in call.desk.cancel_conditional(algo, call.time):
        if isinstance(event, Refused) and event.account == algo.account:
            raise VenueError("unknown-order-cancel")
    return canceled_document(algo)


def cancel_all(call: Call) -> Document:
    """DELETE algoOpenOrders."""
    listing = call.listing()
    for algo in call.desk.engine.waiting(call.account.name, listing.name):
        if not algo.reserved_id:
            call.desk.cancel_conditional(algo, call.time)
    return CANCELED_ALL


def query(call: Call) -> Document:
    """GET algoOrder."""
    algo = _find(call, "unknown-order-query")
    listing, note = call.desk.listings[algo.instrument], call.desk.notes.algo(algo)
    return algo_document(listing, algo, note, call.desk.order_of(algo), call.time)


def open_algos(call: Call) -> list[Document]:
    """GET openAlgoOrders: of one symbol or of all, or one of them by its id."""
    call.parameters.word("algoType", frozenset({"CONDITIONAL"}), "not-valid", "")
    algo_id = call.parameters.integer("algoId")
    return [
        _row(call, algo) for algo in _algos(call) if algo.status in LIVE_ALGO and algo_id in {None, algo.conditional_id}
    ]


def all_algos(call: Call) -> list[Document]:
    """GET allAlgoOrders: of one symbol, ascending by id, of one week unless asked for by id."""
    call.listing()
    least_id = call.parameters.integer("algoId")
    asked_ms, _ = call.parameters.period_ms()
    limit = call.parameters.limit(500, 1000)
    span = span_ms(call, by_id=least_id is not None)
    rows = [
        algo
        for algo in _algos(call)
        if call.desk.notes.remembers_algo(algo, call.time)
        and chosen(call, algo.created_ns, algo.conditional_id, span, least_id)
    ]
    shown = rows[:limit] if least_id is not None or asked_ms is not None else rows[-limit:]
    return [_row(call, algo) for algo in shown]


def _algos(call: Call) -> list[ConditionalState]:
    """The caller's conditional orders on what is asked for, oldest first."""
    engine, account = call.desk.engine, call.account.name
    ever = [algo for listing in call.listings() for algo in engine.conditionals(account, listing.name)]
    return [algo for algo in ever if not algo.reserved_id]


def _find(call: Call, unknown: str) -> ConditionalState:
    """The conditional order of `algoId` or `clientAlgoId`; the newest, where several had that one after another."""
    algo_id = call.parameters.integer("algoId")
    client_id = call.parameters.optional("clientAlgoId")
    if algo_id is None and client_id is None:
        raise VenueError("algo-id-missing")
    found = [
        algo
        for algo in call.desk.engine.conditionals(call.account.name)
        if call.desk.listings[algo.instrument].product.name == call.product.name
        and not algo.reserved_id
        and (algo.conditional_id == algo_id if algo_id is not None else algo.client_id == client_id)
    ]
    if not found or not call.desk.notes.remembers_algo(found[-1], call.time):
        raise VenueError(unknown)
    return found[-1]


def _row(call: Call, algo: ConditionalState) -> Document:
    listing, note = call.desk.listings[algo.instrument], call.desk.notes.algo(algo)
    return algo_row(listing, algo, note, call.desk.order_of(algo), call.time)
