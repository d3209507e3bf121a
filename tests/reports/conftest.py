"""A realistic certificate: two adapters, two profiles, many clauses, every outcome."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_contracts.clause import Strength
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import (
    Certificate,
    Evidence,
    Header,
    Kill,
    NotProven,
    Profile,
    Result,
    Run,
    Waiver,
    WireRow,
    seal,
)

START_NS = 1_795_521_900_000_000_000
MS = 1_000_000

CLAUSES: dict[str, tuple[str, str, str]] = {
    "SYM-010": (
        "Unified symbols round-trip",
        "Every instrument's name maps to the venue's spelling and back.",
        "An order lands on another contract.",
    ),
    "SYM-020": (
        "An unknown symbol is an error",
        "Asking for an instrument that does not exist raises, and never answers with an empty list.",
        "A typo in a config reads as 'no position', and the bot opens a second one.",
    ),
    "INS-010": ("Steps and limits are exact", "Tick, lot and minimum are the venue's, as decimals.", "Orders bounce."),
    "INS-020": (
        "Contract size is told",
        "Contract size and unit are those of the venue.",
        "Positions are wrong by 100 x.",
    ),
    "TIM-010": (
        "Clock skew is corrected",
        "With the venue's clock three seconds off, signed requests still pass.",
        "After an NTP step every order is refused until somebody restarts the bot.",
    ),
    "AUT-010": ("A bad key is AuthFailed", "A refused key raises AuthFailed and is not retried.", "Keys get locked."),
    "ERR-010": (
        "An error inside a success is an error",
        "A reply with status 200 that carries an error code raises it.",
        "The bot believes in an order that the venue refused.",
    ),
    "ERR-020": ("Garbage is an error", "A reply that is not JSON raises and changes nothing.", "State is lost."),
    "RAT-010": (
        "No retry into a ban",
        "After a ban nothing is sent before the ban ends.",
        "Every retry makes the ban longer; positions stand unmanaged for hours.",
    ),
    "CAN-010": ("Candles come oldest first", "Candles are ascending and without twins.", "Indicators run backwards."),
    "CAN-020": ("The open candle is marked", "The last, unfinished candle says so.", "Signals repaint."),
    "BOK-010": ("The book is never crossed", "After a gap the book is resynchronised.", "Quotes at phantom prices."),
    "BOK-020": (
        "A silent book is noticed",
        "A book stream that stops without closing is noticed within its bound.",
        "The bot quotes on a market that is a minute old.",
    ),
    "MKT-010": ("Funding has its time", "Funding rates carry the time they are due.", "Funding is paid by surprise."),
    "ORD-010": ("An order is placed once", "One intent is one order with its id.", "Double exposure."),
    "ORD-020": (
        "Post-only never takes",
        "A post-only order that would cross ends without a fill.",
        "Fees turn round.",
    ),
    "ORD-030": ("Reduce-only never opens", "A reduce-only order cannot flip a position.", "An exit opens a short."),
    "ORD-040": ("A refusal has a reason", "A rejected order raises Rejected with a neutral reason.", "Blind retries."),
    "AMD-010": (
        "Amending leaves one live order",
        "After an amendment exactly one live order has the asked price and amount.",
        "The old order fills too: twice the position the strategy asked for.",
    ),
    "STA-010": ("States only move forward", "No order event goes back from a final state.", "Ghost orders."),
    "STA-020": (
        "An expiry is an end",
        "An order that the venue expires ends here too.",
        "Capital stays locked.",
    ),
    "FIL-010": (
        "Fills exactly once over a reconnect",
        "Each execution is reported exactly once, also when the stream drops between fill and event.",
        "A fill counted twice or never: the hedge is wrong and nobody sees it until the reconciliation at night.",
    ),
    "FIL-020": (
        "A partial fill, then a cancel, is booked",
        "What was filled before the cancel is kept.",
        "Inventory drifts.",
    ),
    "POS-010": ("Positions equal the fills", "The position is what the fills add up to.", "Risk limits lie."),
    "BAL-010": ("Balances follow trades", "Wallet and available balance follow each trade.", "Margin calls."),
    "MAR-010": ("Leverage stays as set", "Setting a margin mode leaves leverage alone.", "Liquidation moves closer."),
    "CFG-010": ("No change is no error", "Setting what is already set succeeds.", "Start-up fails at random."),
    "WSS-010": (
        "A stale listen key is noticed",
        "When the key of the user stream expires the adapter renews it and catches up.",
        "Fills stop arriving, and everything looks calm.",
    ),
    "WSS-020": (
        "Pings are answered",
        "Each ping gets its pong in time.",
        "Drops every ten minutes.",
    ),
    "REC-010": ("State after a restart", "After a restart open orders and positions are the venue's.", "Orphans."),
    "REC-020": ("A gap is filled", "What was missed while down is fetched, in order.", "Missed fills."),
    "UNK-010": (
        "A lost reply never duplicates an order",
        "When the reply to a placement is lost the intent ends as at most one order.",
        "The classic: a time-out, a retry, twice the position.",
    ),
    "LIF-010": ("Closing leaves nothing", "After close no task, socket or timer is left.", "Leaks until midnight."),
    "SAF-010": ("No egress", "The adapter connects to nothing but the venue.", "Keys leave the house."),
    "SAF-020": ("No secret in a log", "Neither log nor exception holds key or secret.", "Keys in the log search."),
}

CASES: dict[str, tuple[str, ...]] = {
    "FIL-010": ("BIN-Q031", "BIN-Q032", "BIN-Q047"),
    "ERR-010": ("BIN-Q012", "BIN-Q013"),
    "UNK-010": ("BIN-Q051", "BIN-Q052"),
    "WSS-010": ("BIN-Q021",),
}

BAD: dict[tuple[str, str, str, str], Outcome] = {
    ("native", "field", "REC-020", ""): Outcome.NOT_PROVABLE,
    ("native", "vendor", "REC-020", ""): Outcome.NOT_PROVABLE,
    ("native", "vendor", "CFG-010", ""): Outcome.NOT_APPLICABLE,
    ("native", "field", "CFG-010", ""): Outcome.NOT_APPLICABLE,
    ("native", "field", "CAN-010", ""): Outcome.TOLERATED,
    ("ccxt", "vendor", "AMD-010", ""): Outcome.FAIL,
    ("ccxt", "field", "AMD-010", ""): Outcome.FAIL,
    ("ccxt", "vendor", "FIL-010", "BIN-Q031"): Outcome.FAIL,
    ("ccxt", "field", "FIL-010", "BIN-Q031"): Outcome.FAIL,
    ("ccxt", "field", "FIL-010", "BIN-Q032"): Outcome.FAIL,
    ("ccxt", "vendor", "SYM-020", ""): Outcome.FAIL,
    ("ccxt", "field", "SYM-020", ""): Outcome.FAIL,
    ("ccxt", "vendor", "RAT-010", ""): Outcome.FAIL,
    ("ccxt", "field", "RAT-010", ""): Outcome.FAIL,
    ("ccxt", "vendor", "REC-010", ""): Outcome.NOT_APPLICABLE,
    ("ccxt", "field", "REC-010", ""): Outcome.NOT_APPLICABLE,
    ("ccxt", "vendor", "REC-020", ""): Outcome.NOT_APPLICABLE,
    ("ccxt", "field", "REC-020", ""): Outcome.NOT_APPLICABLE,
    ("ccxt", "vendor", "TIM-010", ""): Outcome.WAIVED,
    ("ccxt", "field", "TIM-010", ""): Outcome.WAIVED,
    ("ccxt", "vendor", "MAR-010", ""): Outcome.NOT_SUPPORTED,
    ("ccxt", "field", "MAR-010", ""): Outcome.NOT_SUPPORTED,
    ("ccxt", "field", "LIF-010", ""): Outcome.HARNESS_ERROR,
}

NATIVE_FAILS: dict[tuple[str, str, str, str], Outcome] = {
    ("native", "vendor", "UNK-010", "BIN-Q051"): Outcome.FAIL,
    ("native", "field", "UNK-010", "BIN-Q051"): Outcome.FAIL,
    ("native", "field", "WSS-010", "BIN-Q021"): Outcome.FAIL,
    ("native", "vendor", "MAR-010", ""): Outcome.NOT_SUPPORTED,
    ("native", "field", "MAR-010", ""): Outcome.NOT_SUPPORTED,
}

MESSAGES: dict[str, str] = {
    "UNK-010": "2 live orders for intent vp-7f3a: 8000012 and 8000013; expected at most 1.",
    "WSS-010": "The stream was silent for 61.2 s of virtual time after its key expired; no event 'down' was reported.",
    "AMD-010": "After amend(price=65010.0, amount=2) the live order has amount 3.",
    "FIL-010": "The fill 5000003 (0.4 @ 65000.0) was reported 2 times by the events, once by fills().",
    "SYM-020": "open_orders('NOPE/USDT:USDT') answered [] where UnknownInstrument was due.",
    "RAT-010": "3 requests were sent during a ban that ends at 12:07:04.120.",
    "CAN-010": "Candles came newest first; they were handed on as they came.",
    "LIF-010": "The bench could not be torn down: worker 1 ended with signal 11.",
}


def _row(ms: float, sender: str, receiver: str, kind: str, label: str, text: str = "") -> WireRow:
    return WireRow(t_ns=START_NS + int(ms * MS), sender=sender, receiver=receiver, kind=kind, label=label, text=text)


LOST_REPLY = (
    _row(0, "adapter", "venue", "request", "POST /fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC"
         "&quantity=0.4&price=65000.0&newClientOrderId=vp-7f3a&recvWindow=5000&timestamp=1795521900000&signature=…"),
    _row(2.4, "bench", "", "fault", "the reply to the 1st POST /fapi/v1/order is lost (BIN-Q051)"),
    _row(3.1, "venue", "adapter", "frame", "ORDER_TRADE_UPDATE NEW 8000012",
         '{"e":"ORDER_TRADE_UPDATE","E":1795521900003,"o":{"s":"BTCUSDT","c":"vp-7f3a","i":8000012,"X":"NEW"}}'),
    _row(10_002.4, "adapter", "venue", "close", "read time-out, connection closed"),
    _row(10_004.0, "adapter", "venue", "request", "POST /fapi/v1/order", "…&newClientOrderId=vp-7f3a-r1&…"),
    _row(10_007.2, "venue", "adapter", "reply", "200 NEW 8000013",
         '{"orderId":8000013,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"vp-7f3a-r1","price":"65000.00"}'),
    _row(10_008.0, "venue", "adapter", "frame", "ORDER_TRADE_UPDATE NEW 8000013"),
    _row(10_020.0, "other client", "venue", "request", "SELL 0.4 @ 65000.0"),
    _row(10_050.0, "bench", "venue", "action", "settle()"),
)  # fmt: skip


def _evidence(clause: str, adapter: str, case: str, outcome: Outcome) -> Evidence:
    title, _, why = CLAUSES[clause]
    evidence = Evidence(
        title=title,
        section=clause[:3],
        level=Strength.SHOULD if clause in ("CAN-010", "MKT-010") else Strength.MUST,
        why=why,
    )
    if outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_SUPPORTED):
        return evidence
    if outcome is Outcome.NOT_PROVABLE:
        return replace(evidence, message="The bench has no power 'engine_restart'.")
    where = f" --clause '{clause}[{case}]'" if case else f" --clause {clause}"
    return replace(
        evidence,
        message=MESSAGES.get(clause, "Skew of 3 s was not corrected: -1021 three times."),
        t_ns=START_NS + 10_050 * MS,
        wire=LOST_REPLY if clause in ("UNK-010", "FIL-010", "AMD-010", "RAT-010") else LOST_REPLY[:2],
        reproduce=f"venueproof certify {adapter} --venue binance --profile vendor --seed 7{where}",
        refuted=("BIN-Q064",) if outcome is Outcome.TOLERATED else (),
        notes=("Truth: two orders rest on the venue, 0.8 BTC in all.",) if clause == "UNK-010" else (),
        result=Outcome.PASS if clause == "RAT-010" else None,
        manners=Outcome.FAIL if clause == "RAT-010" else None,
    )


def _results(adapter: str, profile: Profile, bad: dict[tuple[str, str, str, str], Outcome]) -> list[Result]:
    rows: list[Result] = []
    for clause, (_, promise, _) in CLAUSES.items():
        for case in CASES.get(clause, ("",)):
            outcome = bad.get((adapter, profile, clause, case), Outcome.PASS)
            rows.append(
                Result(
                    adapter=adapter,
                    venue="binance",
                    product="linear",
                    profile=profile,
                    clause=clause,
                    quirk=case,
                    outcome=outcome,
                    seeds=(7,),
                    seed=7 if outcome is Outcome.FAIL else None,
                    promise=promise,
                    evidence=_evidence(clause, adapter, case, outcome),
                )
            )
    return rows


def _run(adapter: str, *, observed: bool) -> Run:
    return Run(
        adapter=adapter,
        adapter_version="4.5.90" if observed else "0.1.0",
        source_digest="9f2c61d07b0a4ad5c4e9e1a35ab3f7c2d8e6b1f05a7c3d2e1f0a9b8c7d6e5f40",
        dirty=not observed,
        kind="library" if observed else "managed",
        venue="binance",
        seeds=(7,),
        clock="virtual",
        journal_digest="41d8cd98f00b204e9800998ecf8427e41d8cd98f00b204e9800998ecf8427e00",
        virtual_seconds=18_432.75,
        wall_seconds=9.81,
        observed=observed,
    )


HEADER = Header(
    product_version="0.1.0",
    suite_digest="c0ffee00aa11bb22cc33dd44ee55ff6677889900aabbccddeeff001122334455",
    facts_dates={"binance": "2026-11-18"},
    dependencies={"aiohttp": "3.14.5", "ccxt": "4.5.90", "msgspec": "0.22.0", "python": "3.11.2", "websockets": "17.4"},
    level="standard",
    profiles=("vendor", "field"),
    claim="core",
    waivers=(
        Waiver(
            adapter="ccxt",
            venue="binance",
            clause="TIM-010",
            reason="adjustForTimeDifference is off by default; our bots set it",
            expires="2027-01-31",
        ),
    ),
    proved=True,
    created="2026-11-24T12:05:00Z",
)


def build_certificate(*, native_fails: bool = True) -> Certificate:
    """The sample: ccxt observed, native deciding, with or without failures of its own."""
    bad = {**BAD, **(NATIVE_FAILS if native_fails else {})}
    profiles: tuple[Profile, ...] = ("vendor", "field")
    results = [row for name in ("native", "ccxt") for profile in profiles for row in _results(name, profile, bad)]
    kills = [
        Kill(
            clause=clause,
            mutant=f"{clause.lower().replace('-', '_')}_broken",
            venue="binance",
            killed=clause != "STA-020" or not native_fails,
            by="" if clause == "STA-020" and native_fails else f"clause failed in vendor: {CLAUSES[clause][0].lower()}",
        )
        for clause in CLAUSES
        if clause != "MKT-010"
    ]
    not_proven = [NotProven(clause="MKT-010", reason="no certified venue here where its mutant applies")]
    return seal(HEADER, [_run("native", observed=False), _run("ccxt", observed=True)], results, kills, not_proven)


@pytest.fixture(scope="session")
def failing() -> Certificate:
    """native fails some clauses: not certified."""
    return build_certificate()


@pytest.fixture(scope="session")
def passing() -> Certificate:
    """native passes all it must: certified, although ccxt, observed, fails."""
    return build_certificate(native_fails=False)


@pytest.fixture(scope="session")
def both_products(failing: Certificate) -> Certificate:
    """The same with a second product, which fails alike: twice as many columns."""
    inverse = [replace(row, product="inverse") for row in failing.results]
    return seal(failing.header, failing.runs, [*failing.results, *inverse], failing.kills, failing.not_proven)


@pytest.fixture(scope="session")
def small(failing: Certificate) -> Certificate:
    """One row of one run, for tests that make many."""
    return seal(failing.header, failing.runs[:1], failing.results[:1], failing.kills[:1], failing.not_proven)


@pytest.fixture(scope="session")
def with_rows() -> Callable[[Certificate, list[Result]], Certificate]:
    """Seal a certificate again around other rows."""

    def rebuild(base: Certificate, rows: list[Result]) -> Certificate:
        return seal(base.header, base.runs, rows, base.kills, base.not_proven)

    return rebuild
