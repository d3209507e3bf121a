"""What the pytest plugin collects for a contract class: one item for every row a certificate would have."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import pytest

from venueproof.contract_class import Contract
from venueproof.runner.one_case import run_case
from venueproof.runner.plan import Plan, Wish, make_plan
from venueproof.runner.spec import CaseResult, CaseSpec
from venueproof.runner.waivers import TOO_GOOD, read_waivers, today_utc, waiver_for, with_expired
from venueproof.usage import UsageError
from venueproof_contracts.capabilities import CLAIMS, Conformance
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Waiver, WireRow
from venueproof_reports.wording import clock_time, one_line

_SKIPPED = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_PROVABLE, Outcome.NOT_SUPPORTED})


class ContractClass(pytest.Collector):
    """A subclass of `Contract`."""

    def __init__(self, *, contract: type[Contract], **options: Any) -> None:
        """`options` are pytest's own."""
        super().__init__(**options)
        self.contract = contract
        self.waivers: list[Waiver] = []

    @classmethod
    def under(cls, parent: pytest.Collector, name: str, contract: type[Contract]) -> ContractClass:
        """The collector of a class that stands in `parent`."""
        make: Callable[..., ContractClass] = getattr(cls, "from_parent")  # noqa: B009  # pytest leaves it untyped
        return make(parent, name=name, contract=contract)

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each clause, product, profile and provocation, in the suite's order."""
        try:
            plan = _plan(self.contract)
            self.waivers = _waivers(self.contract, self.path.parent)
        except UsageError as error:
            raise self.CollectError(f"{self.contract.__name__}: {error}") from None
        known = {clause.id: clause for clause in plan.clauses}
        make: Callable[..., ClauseItem] = getattr(ClauseItem, "from_parent")  # noqa: B009  # pytest leaves it untyped
        rows = plan.rows()
        for spec in rows:
            place = "-".join(part for part in (spec.product, spec.profile.value, spec.quirk) if part)
            yield make(self, name=f"{spec.clause}[{place}]", clause=known[spec.clause], spec=spec, seeds=plan.seeds)
        yield from self._waiver_items(rows, plan.seeds)

    def _waiver_items(self, rows: Sequence[CaseSpec], seeds: tuple[int, ...]) -> Iterator[pytest.Item]:
        """One item for each waived clause: whether its waiver is needed can be seen in none of its rows alone."""
        make: Callable[..., WaiverItem] = getattr(WaiverItem, "from_parent")  # noqa: B009  # pytest leaves it untyped
        for clause in dict.fromkeys(spec.clause for spec in rows):
            specs = tuple(spec for spec in rows if spec.clause == clause)
            if (waiver := waiver_for(specs[0], self.waivers, today_utc())) is not None:
                yield make(self, name=f"{clause}[waiver]", specs=specs, seeds=seeds, waiver=waiver)


def _require_settings(contract: type[Contract]) -> None:
    """Raises UsageError for a setting that is not of its declared type: none may be misread without a word."""
    for name, declared in typing.get_type_hints(Contract).items():
        [kind] = typing.get_args(declared)
        value = getattr(contract, name)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            words = typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
            problem = f"write one of {', '.join(words)}" if words else str(error)
            raise UsageError(one_line(f"{name} = {value!r}: {problem}")) from None


def _plan(contract: type[Contract]) -> Plan:
    _require_settings(contract)
    profiles = set(contract.profiles)
    return make_plan(
        Wish(
            adapters=(contract.__name__,),
            venues=(contract.venue,),
            products=tuple(contract.products),
            profile="both" if len(profiles) > 1 else next(iter(profiles), "both"),
            clauses=contract.clauses,
            seeds=tuple(str(seed) for seed in contract.seeds),
            clock=contract.clock,
        )
    )


def _waivers(contract: type[Contract], folder: Path) -> list[Waiver]:
    return read_waivers(folder / contract.waivers, [clause.id for clause in all_clauses()]) if contract.waivers else []


class ClauseFailed(AssertionError):
    """A promise was not kept; a failed assertion to whoever tells those from accidents."""

    def __init__(self, result: CaseResult) -> None:
        """`result` is what came of the case."""
        super().__init__(result.message)
        self.result = result


class HarnessBroke(Exception):
    """A case could not be judged, and that is not the adapter's fault."""

    harness_broke = True
    """Looked for by the plugin, which knows nothing of this module."""

    def __init__(self, result: CaseResult) -> None:
        """`result` is what came of the case."""
        super().__init__(result.message)
        self.result = result


class _Item(pytest.Item):
    """What runs cases of a contract class."""

    def __init__(self, *, seeds: tuple[int, ...], **options: Any) -> None:
        """`options` are pytest's own."""
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped
        self.seeds = seeds

    @property
    def owner(self) -> ContractClass:
        """The collector."""
        return cast("ContractClass", self.parent)

    def results(self, spec: CaseSpec) -> Iterator[CaseResult]:
        """The results of one row, seed by seed, each as it is asked for."""
        contract = self.owner.contract
        for seed in self.seeds:
            yield run_case(
                msgspec.structs.replace(spec, seed=seed),
                lambda endpoint, credentials: contract().make_adapter(endpoint, credentials),
                through_proxy=contract.through_proxy,
            )

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the item comes from."""
        return self.path, None, f"{self.owner.contract.__name__} {self.name}"


class WaiverItem(_Item):
    """Whether a waiver is still needed: fails when its clause passes, and fails nowhere."""

    def __init__(self, *, specs: tuple[CaseSpec, ...], waiver: Waiver, **options: Any) -> None:
        """`specs` are all rows of the clause."""
        super().__init__(**options)
        self.specs = specs
        self.waiver = waiver

    def runtest(self) -> None:
        """Run rows until one fails."""
        outcomes: set[Outcome] = set()
        for spec in self.specs:
            for result in self.results(spec):
                outcomes.add(result.outcome)
                if result.outcome is Outcome.FAIL:
                    return
        if Outcome.PASS in outcomes:
            pytest.fail(f"{TOO_GOOD} ({self.waiver.reason})", pytrace=False)


class ClauseItem(_Item):
    """One row: all seeds of one clause, product, profile and provocation."""

    def __init__(self, *, clause: Clause, spec: CaseSpec, **options: Any) -> None:
        """`options` are pytest's own."""
        super().__init__(**options)
        self.clause = clause
        self.spec = spec
        self.extra_keyword_matches.update((clause.id, clause.section, spec.venue, spec.product, spec.profile.value))

    def runtest(self) -> None:
        """Run every seed; the first that does not pass decides."""
        self._tell_allure()
        for result in self.results(self.spec):
            self._judge(result)

    def _judge(self, result: CaseResult) -> None:
        claimed = self.clause.capabilities <= CLAIMS[Conformance(self.owner.contract.claim)]
        if result.outcome in _SKIPPED and not (claimed and result.outcome is Outcome.NOT_SUPPORTED):
            pytest.skip(f"{result.outcome.value}: {result.message}")
        if result.outcome is Outcome.TOLERATED:
            pytest.xfail(f"tolerated: {result.message}")
        if result.outcome is not Outcome.PASS:
            waiver = waiver_for(self.spec, self.owner.waivers, today_utc())
            if waiver is not None and result.outcome is Outcome.FAIL:
                pytest.xfail(f"waived until {waiver.expires}: {waiver.reason}")
            [result] = with_expired([result], self.owner.waivers)
            raise HarnessBroke(result) if result.outcome is Outcome.HARNESS_ERROR else ClauseFailed(result)

    def _tell_allure(self) -> None:
        """Without these every case of a clause would have one history there."""
        if not self.config.pluginmanager.has_plugin("allure_listener"):
            return
        import allure

        tell: Callable[[str, str], None] = getattr(allure.dynamic, "parameter")  # noqa: B009  # allure leaves it untyped
        for name in ("venue", "product", "profile", "quirk"):
            tell(name, str(getattr(self.spec, name)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Clause, promise, what was seen, the wire and the command that shows it again."""
        if isinstance(excinfo.value, ClauseFailed | HarnessBroke):
            return describe(self.clause, excinfo.value.result, self.nodeid)
        return super().repr_failure(excinfo, style)


def describe(clause: Clause, result: CaseResult, nodeid: str) -> str:
    """The text of a failure."""
    spec = result.spec
    lines = [
        f"{clause.id} {clause.title} ({clause.strength.value}): {result.outcome.value}",
        *([f"  blame:   {result.blame.value}"] if result.blame is not None else []),
        f"  promise: {clause.promise}",
        f"  why:     {clause.why}",
        f"  seen:    {result.message}",
        f"  where:   {spec.venue} {spec.product}, profile {spec.profile.value}, seed {spec.seed}{_at(result)}",
        *(f"  note:    {note}" for note in result.notes),
        *(f"  {_wire_line(row)}" for row in result.wire),
        f"  again:   pytest '{nodeid}'",
    ]
    return "\n".join(lines)


def _at(result: CaseResult) -> str:
    return "" if result.at_ns is None else f", at {clock_time(result.at_ns)}"


def _wire_line(row: WireRow) -> str:
    arrow = f"{row.sender} -> {row.receiver}" if row.receiver else row.sender
    return f"{clock_time(row.t_ns)} {arrow:<18} {row.label} {one_line(row.text)[:200]}".rstrip()
