"""The account: money by currency, positions, the transaction log, settlements."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.instruments import ASSET_DECIMALS
from venueproof_simulators.engine.state import BalanceState, PositionState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.bookkeeping import Settlement
from venueproof_simulators.venues.deribit.operations.desk import Call, Desk
from venueproof_simulators.venues.deribit.wire import account as wire
from venueproof_simulators.venues.deribit.wire.account import Holdings, PositionFacts
from venueproof_simulators.venues.deribit.wire.numbers import Listing, coins, num

_LOG, _LOG_MAX = 100, 250
_SETTLEMENTS, _SETTLEMENTS_MAX = 20, 1000
_CONTINUATION_MAX = 10**12
_MODELS = frozenset({"segregated_sm", "segregated_pm", "cross_sm", "cross_pm"})


# --- money ------------------------------------------------------------------------------------------------------------


def balance_of(desk: Desk, account: str, currency: str) -> BalanceState:
    """One currency's wallet, and what of it is tied up."""
    return next(one for one in desk.engine.balances(account) if one.asset == currency)


def holdings_of(desk: Desk, account: str, currency: str, time: VenueTime) -> Holdings:
    """Positions of one currency, added up."""
    futures, delta, deltas = 0, Decimal(0), dict[str, Decimal]()
    options, value, greeks = 0, 0, dict[str, Decimal]()
    for position in desk.engine.positions(account):
        listing = desk.listings[position.instrument]
        if listing.currency != currency or not position.lots:
            continue
        if listing.option:
            options += position.unrealized_atoms
            value += worth_of(desk, listing, position.lots, time)
            for name, moved in position_greeks(desk, listing, position.lots).items():
                greeks[name] = greeks.get(name, Decimal(0)) + moved
            coin = desk.engine.option(listing.name).greeks.delta * listing.face(position.lots)
        else:
            futures += position.unrealized_atoms
            coin = listing.coin(position.lots, desk.engine.mark_nano_ticks(listing.name, time.true_ns))
        delta += coin
        deltas[listing.index_name] = deltas.get(listing.index_name, Decimal(0)) + coin
    return Holdings(futures, options, value, delta, deltas, greeks)


def worth_of(desk: Desk, listing: Listing, lots: int, time: VenueTime) -> int:
    """Atoms of what an option position would fetch at mark."""
    mark = listing.mark(desk.engine.mark_nano_ticks(listing.name, time.true_ns))
    return int((mark * listing.face(lots)).scaleb(ASSET_DECIMALS))


def position_greeks(desk: Desk, listing: Listing, lots: int) -> dict[str, Decimal]:
    """The greeks of an option position."""
    greeks, face = desk.engine.option(listing.name).greeks, listing.face(lots)
    return {name: getattr(greeks, name) * face for name in ("delta", "gamma", "vega", "theta")}


def portfolio(desk: Desk, account: str, currency: str, time: VenueTime) -> Document:
    """One currency as its channel tells it."""
    balance = balance_of(desk, account, currency)
    return wire.portfolio_document(
        balance, desk.books.session(account, currency), holdings_of(desk, account, currency, time)
    )


def _summary(call: Call, currency: str) -> Document:
    desk, account = call.desk, call.account.name
    held = holdings_of(desk, account, currency, call.time)
    session = desk.books.session(account, currency)
    document = wire.summary_document(balance_of(desk, account, currency), session, held, desk.limits)
    fees = wire.fees_rows([one for one in desk.listings.values() if one.currency == currency])
    return document | {"fees": fees}


def get_account_summary(call: Call) -> Document:
    """private/get_account_summary: one currency; the header of the account only when `extended`."""
    summary = _summary(call, call.currency())
    return (_header(call) | summary) if call.parameters.flag("extended") else summary


def get_account_summaries(call: Call) -> Document:
    """private/get_account_summaries: every currency, and no grand total."""
    summaries = [_summary(call, currency) for currency in call.desk.currencies]
    return (_header(call) if call.parameters.flag("extended") else {}) | {"summaries": summaries}


def _header(call: Call) -> Document:
    return wire.header_document(call.account.user_id, call.account.name)


def get_subaccounts(call: Call) -> list[Document]:
    """private/get_subaccounts: the account itself."""
    header = _header(call)
    names = ("id", "type", "username", "system_name", "email", "login_enabled")
    row = {name: header[name] for name in names}
    if call.parameters.flag("with_portfolio"):
        account, desk = call.account.name, call.desk
        row["portfolio"] = {one.lower(): portfolio(desk, account, one, call.time) for one in desk.currencies}
    return [row]


def change_margin_model(call: Call) -> list[Document]:
    """private/change_margin_model: not while anything is open, and here to no other model than there is."""
    model = call.parameters.text("margin_model")
    if model not in _MODELS:
        raise VenueError("not-valid", parameter="margin_model")
    engine, name = call.desk.engine, call.account.name
    if any(position.lots for position in engine.positions(name)):
        raise VenueError("open-position")
    if engine.live_orders(name) or engine.waiting(name):
        raise VenueError("open-orders")
    if model != "segregated_sm":
        raise VenueError("not-allowed")
    state = {"initial_margin_rate": 0.0, "maintenance_margin_rate": 0.0, "available_balance": 0.0}
    return [
        {"currency": currency, "old_state": state, "new_state": state, "name": name}
        for currency in call.desk.currencies
    ]


# --- positions --------------------------------------------------------------------------------------------------------


def position_row(desk: Desk, account: str, listing: Listing, time: VenueTime) -> Document:
    """One position as a document; zeros for a flat one."""
    engine = desk.engine
    position: PositionState = engine.position(account, listing.name)
    session = desk.books.position(account, listing.name)
    facts = PositionFacts(
        margin=engine.margin(account, listing.name),
        ticker=engine.ticker(listing.name, time.true_ns),
        settled=desk.settled_price(listing),
        realized_atoms=session.futures_realized + session.options_realized,
        funding_atoms=session.funding,
        index=engine.option(listing.name).underlying_price if listing.option else Decimal(1),
    )
    document = wire.position_document(listing, position, facts)
    if not listing.option:
        return document
    return document | wire.option_position_fields(
        listing, position, facts, position_greeks(desk, listing, position.lots)
    )


def get_position(call: Call) -> Document:
    """private/get_position: zeros where there is none."""
    return position_row(call.desk, call.account.name, call.listing(), call.time)


def get_positions(call: Call) -> list[Document]:
    """private/get_positions: those that are not flat."""
    desk, account = call.desk, call.account.name
    held = {position.instrument for position in desk.engine.positions(account) if position.lots}
    return [position_row(desk, account, one, call.time) for one in call.listings() if one.name in held]


# --- what was booked --------------------------------------------------------------------------------------------------


def transaction_log(call: Call) -> Document:
    """private/get_transaction_log: newest first, in pages."""
    sent, currency = call.parameters, call.currency()
    for name in ("start_timestamp", "end_timestamp"):
        sent.text(name)
    begin, until = sent.period("start_timestamp", "end_timestamp")
    count, before = sent.within("count", 1, _LOG_MAX, _LOG), sent.within("continuation", 0, _CONTINUATION_MAX, 0)
    query = (sent.raw("query") or "").lower()
    found = [
        (row, wire_ms(call.time, row.at_ns))
        for row in reversed(call.desk.books.log(call.account.name))
        if row.currency == currency and (not before or row.number <= before) and query in (row.kind, "")
    ]
    found = [(row, at_ms) for row, at_ms in found if (begin or 0) <= at_ms <= (until or 0)]
    owner = call.account
    logs = [wire.log_document(row, owner.user_id, owner.name, at_ms) for row, at_ms in found[:count]]
    return {"logs": logs, "continuation": found[count][0].number if len(found) > count else None}


def settlements_by_instrument(call: Call) -> Document:
    """private/get_settlement_history_by_instrument."""
    return _settlements(call, [call.listing()])


def settlements_by_currency(call: Call) -> Document:
    """private/get_settlement_history_by_currency."""
    call.currency()
    return _settlements(call, call.listings())


def _settlements(call: Call, listings: list[Listing]) -> Document:
    names = {listing.name for listing in listings}
    sent = call.parameters
    kind = sent.optional("type")
    count = sent.within("count", 1, _SETTLEMENTS_MAX, _SETTLEMENTS)
    offset = sent.within("continuation", 0, _CONTINUATION_MAX, 0)
    rows = [
        _settlement(row, wire_ms(call.time, row.at_ns))
        for row in reversed(call.desk.books.settlements(call.account.name))
        if row.instrument in names and kind in (None, row.kind)
    ]
    following = offset + count
    return {"settlements": rows[offset:following], "continuation": str(following) if following < len(rows) else None}


def _settlement(row: Settlement, at_ms: int) -> Document:
    return {
        "type": row.kind,
        "timestamp": at_ms,
        "session_profit_loss": coins(row.session_atoms),
        "profit_loss": coins(row.profit_atoms),
        "position": row.position,
        "mark_price": num(row.mark),
        "index_price": num(row.index),
        "instrument_name": row.instrument,
        "funding": coins(row.funding_atoms),
    }
