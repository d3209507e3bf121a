"""The matrix of one venue: clauses and their cases against adapters, products and profiles."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from venueproof_contracts.clause import SECTIONS
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import PROFILES, Certificate, Result
from venueproof_reports.verdict import severity
from venueproof_reports.wording import outcome_words, worst

Targets = Mapping[tuple[str, str, str], str]
"""Where (adapter, venue, clause) is explained: an anchor."""

_SECTION_ORDER = tuple(SECTIONS)
_SCROLLS_FROM_COLUMNS = 17
_COMPACT_FROM_COLUMNS = 5
"""From so many columns on, cells hold a sign and no words, and leave the room to the clauses."""


class Column(Struct, frozen=True, kw_only=True):
    """One column of a matrix: an adapter in a profile, and the product where there are several."""

    adapter: str
    product: str
    profile: str
    observed: bool
    first_of_adapter: bool
    first_of_product: bool


class Heading(Struct, frozen=True, kw_only=True):
    """One product of one adapter above its columns."""

    product: str
    columns: int
    first_of_adapter: bool


class Cell(Struct, frozen=True, kw_only=True):
    """One cell: the outcome not to be hidden, its words, and where it is explained (an anchor, or empty).

    ``share`` is ``2/3`` where only so many of the cases that apply have it, and empty where all do.
    """

    outcome: Outcome | None
    words: str
    share: str = ""
    anchor: str
    against: bool


class MatrixRow(Struct, frozen=True, kw_only=True):
    """One clause, or one case of it (``quirk`` set)."""

    clause: str
    quirk: str
    title: str
    promise: str
    level: str
    cells: tuple[Cell, ...]
    cases: tuple["MatrixRow", ...]
    clean: bool


class Section(Struct, frozen=True, kw_only=True):
    """The clauses of one subject: its code, and its name where it has one."""

    code: str
    name: str
    rows: tuple[MatrixRow, ...]
    clean: bool


class Matrix(Struct, frozen=True, kw_only=True):
    """All clauses against all columns of one venue. ``adapters`` are (name, observed, columns); there are ``headings``
    only where there are several products.
    """

    venue: str
    adapters: tuple[tuple[str, bool, int], ...]
    columns: tuple[Column, ...]
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    compact: bool
    scrolls: bool


def matrix_of(certificate: Certificate, venue: str, targets: Targets) -> Matrix:
    """The matrix of one venue; its cells point to ``targets``."""
    rows = [row for row in certificate.results if row.venue == venue]
    columns = _columns(certificate, venue, rows)
    sections = tuple(
        _section(list(group), columns, targets) for _, group in groupby(sorted(rows, key=_in_order), key=_section_code)
    )
    return Matrix(
        venue=venue,
        adapters=_adapters(columns),
        columns=columns,
        headings=_headings(columns),
        sections=sections,
        compact=len(columns) >= _COMPACT_FROM_COLUMNS,
        scrolls=len(columns) >= _SCROLLS_FROM_COLUMNS,
    )


def _adapters(columns: Sequence[Column]) -> tuple[tuple[str, bool, int], ...]:
    names = Counter(column.adapter for column in columns)
    observed = {column.adapter: column.observed for column in columns}
    return tuple((name, observed[name], count) for name, count in names.items())


def _headings(columns: Sequence[Column]) -> tuple[Heading, ...]:
    if len({column.product for column in columns}) < 2:
        return ()
    groups = [list(group) for _, group in groupby(columns, key=lambda column: (column.adapter, column.product))]
    return tuple(
        Heading(product=group[0].product, columns=len(group), first_of_adapter=group[0].first_of_adapter)
        for group in groups
    )


def _columns(certificate: Certificate, venue: str, rows: Sequence[Result]) -> tuple[Column, ...]:
    present = {(row.adapter, row.product, row.profile) for row in rows}
    products = sorted({row.product for row in rows})
    columns: list[Column] = []
    for run in (run for run in certificate.runs if run.venue == venue):
        keys = [(product, profile) for product in products for profile in PROFILES]
        own = [key for key in keys if (run.adapter, *key) in present]
        for number, (product, profile) in enumerate(own):
            columns.append(
                Column(
                    adapter=run.adapter,
                    product=product,
                    profile=profile,
                    observed=run.observed,
                    first_of_adapter=number == 0,
                    first_of_product=number == 0 or own[number - 1][0] != product,
                )
            )
    return tuple(columns)


def _section_code(row: Result) -> str:
    return row.clause.partition("-")[0]


def _in_order(row: Result) -> tuple[int, str]:
    code = _section_code(row)
    return (_SECTION_ORDER.index(code) if code in _SECTION_ORDER else len(_SECTION_ORDER), row.clause)


def _section(rows: list[Result], columns: Sequence[Column], targets: Targets) -> Section:
    by_clause = [list(group) for _, group in groupby(rows, key=lambda row: row.clause)]
    lines = tuple(_clause_row(group, columns, targets) for group in by_clause)
    code, own = _section_code(rows[0]), rows[0].evidence.section
    name = SECTIONS.get(code, "" if own == code else own)
    return Section(code=code, name=name, rows=lines, clean=all(line.clean for line in lines))


def _clause_row(rows: list[Result], columns: Sequence[Column], targets: Targets) -> MatrixRow:
    quirks = sorted({row.quirk for row in rows})
    by_case = [[row for row in rows if row.quirk == quirk] for quirk in quirks]
    inner = tuple(_row(group, columns, targets, ()) for group in by_case) if len(quirks) > 1 else ()
    return _row(rows, columns, targets, inner)


def _row(
    rows: list[Result],
    columns: Sequence[Column],
    targets: Targets,
    cases: tuple[MatrixRow, ...],
) -> MatrixRow:
    first = rows[0]
    return MatrixRow(
        clause=first.clause,
        quirk=first.quirk,
        title=first.evidence.title,
        promise=first.promise,
        level=first.evidence.level,
        cells=tuple(_cell(_in_column(rows, column), targets) for column in columns),
        cases=cases,
        clean=all(row.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE) for row in rows),
    )


def _in_column(rows: list[Result], column: Column) -> list[Result]:
    key = (column.adapter, column.product, column.profile)
    return [row for row in rows if (row.adapter, row.product, row.profile) == key]


def _cell(rows: list[Result], targets: Targets) -> Cell:
    if not rows:
        return Cell(outcome=None, words="no row", anchor="", against=False)
    outcome = worst(rows)
    applicable = [row for row in rows if row.outcome != Outcome.NOT_APPLICABLE] or rows
    hits = sum(row.outcome == outcome for row in applicable)
    words, share = outcome_words(outcome), ""
    if hits < len(applicable):
        words, share = f"{hits} of {len(applicable)} {words}", f"{hits}/{len(applicable)}"
    anchor = "" if outcome == Outcome.PASS else targets.get((rows[0].adapter, rows[0].venue, rows[0].clause), "")
    return Cell(outcome=outcome, words=words, share=share, anchor=anchor, against=any(severity(row) for row in rows))
