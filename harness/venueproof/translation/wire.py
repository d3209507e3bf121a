"""The simulators' journal in the contracts' words."""

from __future__ import annotations

from venueproof_contracts.actions import Operation, Topic
from venueproof_contracts.bench import Refused, WireKind, WireRow
from venueproof_simulators.host.journal import Row


def wire_row(row: Row) -> WireRow:
    """One row of a journal."""
    return WireRow(
        at_ns=row.at_ns,
        kind=WireKind(row.kind.value),
        connection=row.connection,
        label=row.label,
        operation=Operation(row.operation) if row.operation else None,
        topic=Topic(row.topic) if row.topic else None,
        status=row.status,
        text=row.text,
        note=row.note,
        refused=Refused(row.refused) if row.refused else None,
    )
