"""What a failure leaves behind: the last things on the wire, as the certificate draws them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from venueproof.bench_simulator import Deed
from venueproof_contracts.actions import Operation, Topic, action_name
from venueproof_contracts.bench import WireKind, WireRow
from venueproof_reports import certificate
from venueproof_reports.certificate import Profile

from .spec import CaseSpec

ROWS_MAX = 14
TEXT_CHARS_MAX = 1500

_KINDS: dict[WireKind, tuple[str, str, str]] = {
    WireKind.REQUEST: ("adapter", "venue", "request"),
    WireKind.REPLY: ("venue", "adapter", "reply"),
    WireKind.FRAME_IN: ("adapter", "venue", "frame"),
    WireKind.FRAME_OUT: ("venue", "adapter", "frame"),
    WireKind.OPEN: ("adapter", "venue", "open"),
    WireKind.CLOSE: ("venue", "adapter", "close"),
    WireKind.REFUSED: ("adapter", "venue", "fault"),
    WireKind.RULE: ("venue", "", "fault"),
}
"""Sender, receiver and kind of each row in the picture."""

_BACKGROUND = frozenset({Operation.INSTRUMENTS, Operation.SERVER_TIME})
"""What adapters ask all the time and what seldom has to do with a failure."""


def excerpt(rows: Sequence[WireRow], deeds: Sequence[Deed]) -> tuple[certificate.WireRow, ...]:
    """The last rows that may matter, actions of the bench between them, oldest first."""
    told = [(row.at_ns, 1, _drawn(row)) for row in rows if _matters(row)]
    done = [(deed.at_ns, 0, _drawn_deed(deed)) for deed in deeds]
    merged = sorted([*told[-ROWS_MAX:], *done], key=lambda entry: entry[:2])
    return tuple(row for _, _, row in merged[-ROWS_MAX:])


def _matters(row: WireRow) -> bool:
    if row.kind in (WireKind.REQUEST, WireKind.REPLY):
        return row.operation not in _BACKGROUND or row.status >= 400
    if row.kind in (WireKind.FRAME_IN, WireKind.FRAME_OUT):
        return row.topic is not Topic.OTHER and row.label not in ("ping", "pong")
    return True


def _drawn(row: WireRow) -> certificate.WireRow:
    sender, receiver, kind = _KINDS[row.kind]
    label, note = row.label, row.note
    if row.kind is WireKind.RULE:  # what a rule did is what the picture is drawn for
        label, note = f"{row.label}: {row.note}", ""
    elif row.status:
        label = f"{row.status} {row.label}"
    text = "\n".join(part for part in (note, row.text[:TEXT_CHARS_MAX]) if part)
    return certificate.WireRow(
        t_ns=row.at_ns, sender=sender, receiver=receiver, kind=kind, label=label[:200], text=text
    )


def _drawn_deed(deed: Deed) -> certificate.WireRow:
    text = msgspec.json.encode(deed.action).decode()
    label = action_name(deed.action)
    return certificate.WireRow(t_ns=deed.at_ns, sender="bench", kind="action", label=label, text=text)


REPRODUCED = "reports/again"
"""Where the command writes: not over the report in which it stands."""


def reproduce(spec: CaseSpec) -> str:
    """The command, for a shell, that runs this case again and no other."""
    profile: Profile = spec.profile.value
    clause = f"{spec.clause}[{spec.quirk}]" if spec.quirk else spec.clause
    parts = ["venueproof", "certify", spec.adapter, "--venue", spec.venue, "--product", spec.product]
    parts += ["--profile", profile, "--clause", clause, "--seed", str(spec.seed), "--no-prove"]
    parts += ["--clock", "real"] if spec.clock == "real" else []
    return shlex.join([*parts, "--report", REPRODUCED])
