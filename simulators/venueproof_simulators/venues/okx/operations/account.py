"""What an account has: balances, positions, its statement, and how it is set up."""

from __future__ import annotations

import re
from decimal import Decimal

from venueproof_simulators.engine.state import BalanceState, MarginMode, PositionState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.statement import Entry
from venueproof_simulators.venues.okx.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.okx.operations.market import listings
from venueproof_simulators.venues.okx.operations.notes import Algo
from venueproof_simulators.venues.okx.operations.order_queries import page
from venueproof_simulators.venues.okx.operations.order_reading import MODES
from venueproof_simulators.venues.okx.operations.parameters import instrument_ids, instrument_type
from venueproof_simulators.venues.okx.products import DISCOUNTS, DOLLARS, INSTRUMENT_TYPES, SWAP
from venueproof_simulators.venues.okx.wire import account as wire
from venueproof_simulators.venues.okx.wire.bills import subtype_of, type_of
from venueproof_simulators.venues.okx.wire.market import fee_document
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, atoms_text, bill_of, centi_text, fine

Rows = list[Document]
FILLS_TIER = "okx.ws.fills-tier"
_MS = 1_000_000
_ONE = Decimal(1)
_KIND = re.compile(r"[0-9]{1,4}")


def tier_of(desk: Desk) -> str:
    """The account's tier of fees: that with the channel of fills, or the lowest one."""
    return "Lv1" if desk.switches.on(FILLS_TIER) else "VIP6"


def config(call: Call) -> Rows:
    """GET account/config."""
    return [wire.config_document(call.account, tier_of(call.desk))]


# --- balances ---------------------------------------------------------------------------------------------------------


def balance_of(desk: Desk, account: Account, time: VenueTime, assets: frozenset[str] | None = None) -> Document:
    """The balances of an account: totals of all coins, details of all or of some."""
    wealth = [_wealth(desk, balance, time) for balance in desk.engine.balances(account.name)]
    return wire.balance_document(account, wealth, time, assets)


def _wealth(desk: Desk, balance: BalanceState, time: VenueTime) -> wire.Wealth:
    counts = _ONE - Decimal(DISCOUNTS[balance.asset]).scaleb(-6)
    updated_ns = desk.cash.paid_ns(balance.account, balance.asset)
    return wire.Wealth(balance, price_of(desk, balance.asset, time), counts, updated_ns)


def price_of(desk: Desk, asset: str, time: VenueTime) -> Decimal:
    """What a coin is worth in dollars: its index."""
    if asset in DOLLARS:
        return _ONE
    listing = next(one for one in desk.listings.values() if one.row.base == asset)
    return listing.price(desk.engine.index_ticks(listing.name))


def balance(call: Call) -> Rows:
    """GET account/balance."""
    names = call.parameters.raw("ccy")
    return [balance_of(call.desk, call.account, call.time, frozenset(names.split(",")) if names else None)]


def asset_balances(call: Call) -> Rows:
    """GET asset/balances: the funding wallet, which is empty."""
    return []


# --- positions --------------------------------------------------------------------------------------------------------


def held_of(desk: Desk, account: Account, state: PositionState, time: VenueTime) -> wire.Held:
    """A position with all that is told of it."""
    listing, engine = desk.listings[state.instrument], desk.engine
    margin = engine.margin(account.name, state.instrument, state.side)
    balances = {one.asset: one for one in engine.balances(account.name)}
    own = balances[listing.row.settle]
    if state.margin_mode is MarginMode.ISOLATED:
        equity = state.isolated_atoms + state.unrealized_atoms
    else:
        equity = own.wallet_atoms + own.unrealized_atoms - own.isolated_atoms - own.isolated_unrealized_atoms
    return wire.Held(
        listing=listing,
        state=state,
        margin=margin,
        ticker=engine.ticker(state.instrument, time.true_ns),
        life=desk.positions.of(state),
        rank=engine.deleverage_rank(account.name, state.instrument, state.side),
        equity_atoms=equity,
        closing=_closing(desk, state),
    )


def _closing(desk: Desk, state: PositionState) -> tuple[Algo, ...]:
    """Conditional orders that wait to close all of a position."""
    found: dict[str, Algo] = {}
    for waiting in desk.engine.waiting(state.account, state.instrument):
        algo = desk.keep.algo_of.get(waiting.conditional_id)
        if algo is not None and algo.close_fraction and waiting.position_side is state.side:
            found[algo.algo_id] = algo
    return tuple(found.values())


def position_of(desk: Desk, account: Account, state: PositionState, time: VenueTime) -> Document:
    """A position as it is told."""
    return wire.position_document(held_of(desk, account, state, time), time)


def positions(call: Call) -> Rows:
    """GET account/positions: those that are open. What is no swap has none."""
    if instrument_type(call.parameters, INSTRUMENT_TYPES, mandatory=False) not in ("", SWAP):
        return []
    names, number = instrument_ids(call.parameters), call.parameters.raw("posId")
    rows = [
        position_of(call.desk, call.account, state, call.time)
        for state in call.desk.engine.positions(call.account.name)
        if state.lots and (not names or state.instrument in names)
    ]
    return [row for row in rows if number in (None, row["posId"])]


def positions_history(call: Call) -> Rows:
    """GET account/positions-history: those of which something was closed, last change first."""
    sent = call.parameters
    name, mode, kind = sent.raw("instId"), sent.option("mgnMode", MODES, "not-valid", None), sent.raw("type")
    lives = sorted(call.desk.positions.ever(call.account.name), key=lambda life: life.updated_ns, reverse=True)
    found = [
        wire.history_document(call.desk.listings[life.instrument], life, call.time)
        for life in lives
        if name in (None, life.instrument) and mode in (None, life.margin_mode)
    ]
    rows = [row for row in found if kind in (None, row["type"])]
    return page(sent, rows, lambda row: int(str(row["uTime"])), int)


def account_position_risk(call: Call) -> Rows:
    """GET account/account-position-risk."""
    document = balance_of(call.desk, call.account, call.time)
    rows = positions(call)
    names = ("instType", "instId", "mgnMode", "posSide", "posId", "pos", "ccy", "posCcy", "notionalUsd")
    return [
        {
            "ts": document["uTime"],
            "adjEq": document["adjEq"],
            "balData": [{"ccy": one["ccy"], "eq": one["eq"], "disEq": one["disEq"]} for one in _details(document)],
            "posData": [{name: row[name] for name in names} for row in rows],
        }
    ]


def _details(document: Document) -> list[Document]:
    details = document["details"]
    return details if isinstance(details, list) else []  # pyright: ignore[reportUnknownVariableType]


# --- sizes and fees ---------------------------------------------------------------------------------------------------


def max_size(call: Call) -> Rows:
    """GET account/max-size: what free margin allows at the leverage that is set."""
    call.parameters.choice("tdMode", MODES, "not-valid")
    return [_size(call, call.desk.listing(name), "maxBuy", "maxSell") for name in _needed_ids(call)]


def max_available_size(call: Call) -> Rows:
    """GET account/max-avail-size: what free margin there is."""
    call.parameters.choice("tdMode", MODES, "not-valid")
    rows: Rows = []
    for name in _needed_ids(call):
        free = atoms_text(max(0, _free_atoms(call, call.desk.listing(name))))
        rows.append({"instId": name, "availBuy": free, "availSell": free})
    return rows


def _needed_ids(call: Call) -> list[str]:
    call.parameters.text("instId")
    return instrument_ids(call.parameters)


def _free_atoms(call: Call, listing: Listing) -> int:
    balances = call.desk.engine.balances(call.account.name)
    return next(one.available_atoms for one in balances if one.asset == listing.row.settle)


def _size(call: Call, listing: Listing, buy: str, sell: str) -> Document:
    mode = str(call.parameters.raw("tdMode"))
    centi = call.account.leverage_centi(listing, mode)
    money = Decimal(max(0, _free_atoms(call, listing))).scaleb(-8) * centi / 100
    mark = listing.mark(call.desk.engine.mark_nano_ticks(listing.name, call.time.true_ns))
    face = money * mark if listing.inverse else money / mark
    lots = int(face / (listing.row.contract_size * listing.row.amount_step))
    text = listing.size_text(lots)
    return {"instId": listing.name, "ccy": listing.row.settle, buy: text, sell: text}


def trade_fee(call: Call) -> Rows:
    """GET account/trade-fee."""
    kind = instrument_type(call.parameters, INSTRUMENT_TYPES, mandatory=True)
    found = listings(call) if kind == SWAP else []
    document = fee_document(found[0] if found else None, tier_of(call.desk), call.time)
    return [document | {"instType": kind}]


def greeks(call: Call) -> Rows:
    """GET account/greeks: of options, of which there are none."""
    return []


def leverage_info(call: Call) -> Rows:
    """GET account/leverage-info: one row, or one for each leg of isolated margin in hedge mode."""
    mode = call.parameters.choice("mgnMode", MODES, "not-valid")
    rows: Rows = []
    for name in _needed_ids(call):
        listing = call.desk.listing(name)
        for leg in legs_of(call.account, mode):
            centi = call.account.leverage_centi(listing, mode.value, leg)
            row = {"instId": name, "ccy": "", "mgnMode": mode.value, "posSide": leg, "lever": centi_text(centi)}
            rows.append({**row})
    return rows


def legs_of(account: Account, mode: MarginMode) -> tuple[str, ...]:
    """Whose leverage is set apart."""
    return ("long", "short") if account.hedged and mode is MarginMode.ISOLATED else ("net",)


# --- the statement ----------------------------------------------------------------------------------------------------


def bills(call: Call) -> Rows:
    """GET account/bills: newest first. Raises `VenueError`."""
    sent, desk = call.parameters, call.desk
    begin, end = sent.period("begin", "end")
    filters = {name: sent.raw(name) for name in ("ccy", "type", "subType", "instId")}
    for name in ("type", "subType"):
        if not _KIND.fullmatch(filters[name] or "0"):
            raise VenueError("not-valid", parameter=name)
    found = [
        entry
        for entry in reversed(desk.statement.of(call.account.name))
        if filters["ccy"] in (None, entry.asset)
        and filters["type"] in (None, type_of(entry))
        and filters["subType"] in (None, subtype_of(entry))
        and filters["instId"] in (None, entry.instrument)
        and (begin is None or entry.at_ns // _MS >= begin)
        and (end is None or entry.at_ns // _MS <= end)
    ]
    return [_bill(desk, entry, call) for entry in page(sent, found, lambda entry: entry.number, bill_of)]


def _bill(desk: Desk, entry: Entry, call: Call) -> Document:
    listing, prices = desk.listings.get(entry.instrument), desk.prices_at.get(entry.number, (0, 0))
    if entry.fill is None:
        return wire.bill_document(listing, entry, prices, None, 0, call.time)
    key = (entry.fill.instrument, entry.fill.order_id)
    return wire.bill_document(listing, entry, prices, desk.keep.order(key), desk.keep.number(key), call.time)


def account_rate_limit(call: Call) -> Rows:
    """GET trade/account-rate-limit."""
    most = str(call.desk.limits.named("account-orders").limit)
    return [
        {
            "fillRatio": "",
            "mainFillRatio": "",
            "accRateLimit": most,
            "nextAccRateLimit": most,
            "ts": str(call.time.wire_ms),
        }
    ]


def precheck(call: Call) -> Rows:
    """POST trade/order-precheck: only where the account is looked at as a whole. Raises `VenueError`."""
    if call.account.level <= "2":
        raise VenueError("account-mode")
    document = balance_of(call.desk, call.account, call.time)
    told: Document = {name: document[name] for name in ("adjEq", "imr", "mmr", "mgnRatio")}
    names = ("adjEqChg", "imrChg", "mmrChg", "mgnRatioChg", "liqPxDiff", "liqPxDiffRatio", "posBal", "posBalChg")
    free = fine(Decimal(max(0, _free_atoms(call, call.listing()))).scaleb(-8))
    rest = ("liab", "liabChg", "liabChgCcy", "type")
    return [
        told | dict.fromkeys(names, "0") | {"availBal": free, "availBalChg": "0", "liqPx": ""} | dict.fromkeys(rest, "")
    ]
