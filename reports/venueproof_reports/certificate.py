"""The certificate as data: what was run, what came out, and what that proves.

A certificate is a tree of frozen values in exactly the shape of the published schema (``certificate.schema.json``).
The runner builds ``Header``, ``Run``, ``Result``, ``Kill`` and ``NotProven`` and hands them to ``seal``, which orders
the rows, counts them and signs off with a digest. Every other report is a rendering of this one value.

Times are integer nanoseconds of virtual time since the Unix epoch; durations say their unit in their name. All text may
come from an adapter or from the wire and is therefore hostile: no reader may trust it, renderings escape it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct, field

from venueproof_contracts.clause import Strength
from venueproof_contracts.outcomes import Blame, Outcome

FORMAT: Literal[1] = 1

Level = Literal["smoke", "standard", "release"]
Profile = Literal["vendor", "field"]
PROFILES: tuple[Profile, ...] = ("vendor", "field")
Claim = Literal["core", "trading", "full"]
Clock = Literal["virtual", "real"]
Kind = Literal["library", "managed", "unknown"]

Name = Annotated[str, Meta(min_length=1, max_length=300)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0)]
Timestamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class _Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts have in common: immutable, built by name, closed against unknown fields."""


class Waiver(_Value, frozen=True, kw_only=True):
    """A declared, reasoned, dated exception: ``clause`` is expected to fail until ``expires`` (a date)."""

    adapter: Name
    venue: Name
    clause: Name
    reason: str
    expires: str


class Header(_Value, frozen=True, kw_only=True):
    """What a reader needs to know to argue with the results.

    ``facts_dates`` maps a venue to the retrieval date of its facts, ``dependencies`` a distribution to its version.
    ``proved`` is False when the mutants were left out. ``created`` is ISO 8601 in UTC, handed in by the caller.
    ``shard`` is empty for a whole run and ``"2/3"`` for a part; ``selection`` is the user's filter on the clauses.
    """

    product_version: Name
    suite_digest: str
    facts_dates: dict[str, str]
    dependencies: dict[str, str]
    level: Level
    profiles: tuple[Profile, ...]
    claim: Claim
    waivers: tuple[Waiver, ...] = ()
    proved: bool
    created: Timestamp
    shard: Annotated[str, Meta(pattern=r"^([1-9]\d{0,3}/[1-9]\d{0,3})?$")] = ""
    selection: str = ""
    format: Literal[1] = FORMAT


class Run(_Value, frozen=True, kw_only=True):
    """One adapter on one venue. ``observed`` runs are judged and shown, and decide nothing.

    ``adapter`` is the name as given on the command line. ``counts`` (rows per outcome) is filled in by ``seal``.
    """

    adapter: Name
    adapter_version: str
    source_digest: str
    dirty: bool
    kind: Kind
    venue: Name
    seeds: tuple[Count, ...]
    clock: Clock
    journal_digest: str
    virtual_seconds: Seconds
    wall_seconds: Seconds
    counts: dict[Outcome, Count] = field(default_factory=dict[Outcome, int])
    observed: bool = False
    undeclared: tuple[Name, ...] = ()
    """Capabilities within the claim that the venue has and the adapter does not declare."""
    unjudged: tuple[Name, ...] = ()
    """Capabilities that the adapter declares and no clause of the suite asks for: nothing here speaks for them."""


class WireRow(_Value, frozen=True, kw_only=True):
    """One thing that happened between two lanes (``adapter``, ``venue``, or another party's name).

    ``kind`` is a word for the picture: ``request reply frame close`` are arrows of their own look, ``fault`` and
    ``action`` notes across it, any other word a plain arrow. A row without ``to``, or to itself, is a note too.
    ``label`` is one short line; ``text`` is what was on the wire, already free of secrets.
    """

    t_ns: Nanoseconds
    sender: str = field(name="from")
    receiver: str = field(name="to", default="")
    kind: str
    label: str
    text: str = ""


class Evidence(_Value, frozen=True, kw_only=True):
    """Why a row has its outcome, in words a stranger can follow, and how to see it again.

    ``title``, ``section``, ``level`` and ``why`` are the clause's own; ``message`` is what was observed, at ``t_ns``;
    ``blame`` what stands behind a failure, None where there is none.
    ``refuted`` names the register rows without which the case passes. Clauses that judge manners apart from results
    fill both ``result`` and ``manners``.
    """

    title: str
    section: Name
    level: Strength
    why: str
    message: str = ""
    blame: Blame | None = None
    t_ns: Nanoseconds | None = None
    wire: tuple[WireRow, ...] = ()
    reproduce: str = ""
    refuted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    result: Outcome | None = None
    manners: Outcome | None = None


class Result(_Value, frozen=True, kw_only=True):
    """One clause, in one case, for one adapter, venue, product and profile.

    ``quirk`` is the id of the register row whose trouble the case shows, or empty; in JSON it is called ``case``.

    ``seed`` is the first failing one, None when none failed. ``claimed`` says that the clause lies within the claimed
    conformance, so that ``not-supported`` counts like a failure.
    """

    adapter: Name
    venue: Name
    product: str
    profile: Profile
    clause: Name
    quirk: str = field(name="case")
    outcome: Outcome
    seeds: tuple[Count, ...]
    seed: Count | None = None
    claimed: bool = True
    promise: str
    evidence: Evidence


class Kill(_Value, frozen=True, kw_only=True):
    """A mutant (an adapter broken in one way) and whether its clause noticed; ``by`` says what gave it away."""

    clause: Name
    mutant: Name
    venue: Name
    killed: bool
    by: str


class NotProven(_Value, frozen=True, kw_only=True):
    """A clause of which this run does not show that it can fail, and why."""

    clause: Name
    reason: str


class Footer(_Value, frozen=True, kw_only=True):
    """Rows per outcome, and the digest over all before it: integrity, not authenticity."""

    totals: dict[Outcome, Count]
    digest: Digest


class Certificate(_Value, frozen=True, kw_only=True):
    """The whole of it. Build it with ``seal``; read it with ``load``."""

    header: Header
    runs: tuple[Run, ...]
    results: tuple[Result, ...]
    kills: tuple[Kill, ...]
    not_proven: tuple[NotProven, ...]
    footer: Footer


_UNSIGNED = "0" * 64
_SURROGATES = re.compile("[\ud800-\udfff]")

ResultKey = tuple[str, str, str, str, str, str]


def result_key(row: Result) -> ResultKey:
    """What identifies a row within a certificate and across two of them."""
    return (row.adapter, row.venue, row.product, row.profile, row.clause, row.quirk)


def tally(results: Iterable[Result]) -> dict[Outcome, int]:
    """Rows per outcome, all outcomes named, in the order in which they are declared."""
    seen = Counter(row.outcome for row in results)
    return {outcome: seen[outcome] for outcome in Outcome}


def proven_clauses(kills: Iterable[Kill]) -> set[str]:
    """Clauses that noticed a mutant and let none pass."""
    told = list(kills)
    return {kill.clause for kill in told} - {kill.clause for kill in told if not kill.killed}


def seal(
    header: Header,
    runs: Sequence[Run],
    results: Iterable[Result],
    kills: Iterable[Kill] = (),
    not_proven: Iterable[NotProven] = (),
) -> Certificate:
    """Order the rows, count them per run and in total, and close with the digest.

    The order does not depend on which worker finished first: runs as handed in, results by run, product, profile,
    clause and case. Lone surrogates, which no UTF-8 file can hold, become U+FFFD.
    """
    place = {(run.adapter, run.venue): index for index, run in enumerate(runs)}
    rows = sorted(results, key=lambda row: (place.get((row.adapter, row.venue), len(place)), *_row_order(row)))
    certificate = Certificate(
        header=header,
        runs=tuple(_counted(run, rows) for run in runs),
        results=tuple(rows),
        kills=tuple(sorted(kills, key=lambda kill: (kill.clause, kill.venue, kill.mutant))),
        not_proven=tuple(sorted(not_proven, key=lambda item: item.clause)),
        footer=Footer(totals=tally(rows), digest=_UNSIGNED),
    )
    clean = _encodable(certificate)
    return msgspec.structs.replace(clean, footer=msgspec.structs.replace(clean.footer, digest=digest_of(clean)))


def digest_of(certificate: Certificate) -> str:
    """SHA-256 (hex) over the canonical JSON: keys sorted, no blanks, UTF-8, the digest itself left empty."""
    footer = msgspec.structs.replace(certificate.footer, digest="")
    unsigned = msgspec.structs.replace(certificate, footer=footer)
    return hashlib.sha256(msgspec.json.encode(unsigned, order="sorted")).hexdigest()


def joined_digest(digests: Iterable[str]) -> str:
    """One digest for many (hex), whatever their order, and the same whether some were joined before: their sum."""
    return f"{sum(int(digest, 16) for digest in digests) % 2**256:064x}"


def _row_order(row: Result) -> tuple[str, int, str, str]:
    return (row.product, PROFILES.index(row.profile), row.clause, row.quirk)


def _counted(run: Run, rows: Sequence[Result]) -> Run:
    own = (row for row in rows if (row.adapter, row.venue) == (run.adapter, run.venue))
    return msgspec.structs.replace(run, counts=tally(own))


def _encodable(certificate: Certificate) -> Certificate:
    try:
        msgspec.json.encode(certificate)
    except UnicodeEncodeError:
        return msgspec.convert(_replace_surrogates(msgspec.to_builtins(certificate)), Certificate)
    return certificate


def _replace_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value)
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in items.items()}
    if isinstance(value, Sequence):
        return [_replace_surrogates(item) for item in cast("Sequence[object]", value)]
    return value
