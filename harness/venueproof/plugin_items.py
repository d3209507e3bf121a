"""What the pytest plugin collects for a contract class: one item for every row a certificate would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from venueproof.contract_class import Contract
from venueproof.runner.one_case import run_case
from venueproof.runner.plan import Plan, Wish, make_plan
from venueproof.runner.spec import CaseResult, CaseSpec
from venueproof.usage import UsageError
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import CLAIMS, Conformance
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_contracts.model import Credentials, Endpoint
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import WireRow
from venueproof_reports.wording import clock_time, one_line

_SKIPPED = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_PROVABLE, Outcome.NOT_SUPPORTED})


class ContractClass(pytest.Collector):
    """A subclass of `Contract`."""

    def __init__(self, *, contract: type[Contract], **options: Any) -> None:
        """`options` are pytest's own."""
        super().__init__(**options)
        self.contract = contract

    @classmethod
    def under(cls, parent: pytest.Collector, name: str, contract: type[Contract]) -> ContractClass:
        """The collector of a class that stands in `parent`."""
        make: Callable[..., ContractClass] = getattr(cls, "from_parent")  # noqa: B009  # pytest leaves it untyped
        return make(parent, name=name, contract=contract)

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each clause, product, profile and provocation, in the suite's order."""
        try:
            plan = _plan(self.contract)
        except UsageError as error:
            raise self.CollectError(f"{self.contract.__name__}: {error}") from None
        known = {clause.id: clause for clause in plan.clauses}
        make: Callable[..., ClauseItem] = getattr(ClauseItem, "from_parent")  # noqa: B009  # pytest leaves it untyped
        for spec in plan.rows():
            place = "-".join(part for part in (spec.product, spec.profile.value, spec.quirk) if part)
            yield make(self, name=f"{spec.clause}[{place}]", clause=known[spec.clause], spec=spec, seeds=plan.seeds)


def _plan(contract: type[Contract]) -> Plan:
    if unknown := sorted(key for key in contract.waived if key.partition("[")[0] not in _clause_ids()):
        raise UsageError(f"waives {', '.join(unknown)}, which is no clause; `venueproof clauses` lists them")
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


def _clause_ids() -> set[str]:
    return {clause.id for clause in all_clauses()}


class ClauseFailed(AssertionError):
    """A promise was not kept; a failed assertion to whoever tells those from accidents."""

    def __init__(self, result: CaseResult) -> None:
        """`result` is what came of the case."""
        super().__init__(result.message)
        self.result = result


class HarnessBroke(Exception):
    """A case could not be judged, and that is not the adapter's fault."""

    def __init__(self, result: CaseResult) -> None:
        """`result` is what came of the case."""
        super().__init__(result.message)
        self.result = result


class ClauseItem(pytest.Item):
    """One row: all seeds of one clause, product, profile and provocation."""

    def __init__(self, *, clause: Clause, spec: CaseSpec, seeds: tuple[int, ...], **options: Any) -> None:
        """`options` are pytest's own."""
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped
        self.clause = clause
        self.spec = spec
        self.seeds = seeds
        self.extra_keyword_matches.update((clause.id, clause.section, spec.venue, spec.product, spec.profile.value))

    @property
    def contract(self) -> type[Contract]:
        """The user's class."""
        return cast("ContractClass", self.parent).contract

    def runtest(self) -> None:
        """Run every seed; the first that does not pass decides."""
        self._tell_allure()
        reason = self.contract.waived.get(self.name) or self.contract.waived.get(self.clause.id)
        for seed in self.seeds:
            result = run_case(
                msgspec.structs.replace(self.spec, seed=seed),
                self._make_adapter,
                through_proxy=self.contract.through_proxy,
            )
            self._judge(result, reason)
        if reason is not None:
            pytest.fail(f"passed although it is waived ({reason}); take it out of `waived`", pytrace=False)

    def _make_adapter(self, endpoint: Endpoint, credentials: Credentials) -> Adapter:
        return self.contract().make_adapter(endpoint, credentials)

    def _judge(self, result: CaseResult, waived: str | None) -> None:
        claimed = self.clause.capabilities <= CLAIMS[Conformance(self.contract.claim)]
        if result.outcome in _SKIPPED and not (claimed and result.outcome is Outcome.NOT_SUPPORTED):
            pytest.skip(f"{result.outcome.value}: {result.message}")
        if result.outcome is Outcome.TOLERATED:
            pytest.xfail(f"tolerated: {result.message}")
        if result.outcome is not Outcome.PASS:
            if waived is not None and result.outcome is Outcome.FAIL:
                pytest.xfail(f"waived: {waived}")
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

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the item comes from."""
        return self.path, None, f"{self.contract.__name__} {self.name}"


def describe(clause: Clause, result: CaseResult, nodeid: str) -> str:
    """The text of a failure."""
    spec = result.spec
    lines = [
        f"{clause.id} {clause.title} ({clause.strength.value}): {result.outcome.value}",
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
