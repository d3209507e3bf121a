"""The record of a run's wire: every request, reply and frame, in order, without secrets.

Rows are cheap to add (nothing is decoded, searched or joined then) and are finished when somebody reads them. A
broadcast is one row, however many sessions it went to.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec
from msgspec import Struct

TEXT_LIMIT = 4096
"""Characters of a message that a row keeps."""
_KEPT = TEXT_LIMIT + 1024
"""Characters kept at first, so that a secret that crosses the limit is still recognised."""


class RowKind(StrEnum):
    """What a row records. Pings and pongs are frames with that label."""

    REQUEST = "request"
    REPLY = "reply"
    OPEN = "open"
    CLOSE = "close"
    FRAME_IN = "frame-in"
    FRAME_OUT = "frame-out"
    REFUSED = "refused"
    RULE = "rule"


class Row(Struct, frozen=True, omit_defaults=True):
    """One entry. `connections` are ordinals in the order of first use; 0 for none."""

    at_ns: int
    kind: RowKind
    connections: tuple[int, ...]
    label: str = ""
    operation: str = ""
    topic: str = ""
    status: int = 0
    text: str = ""
    note: str = ""
    refused: str = ""

    @property
    def connection(self) -> int:
        """The first connection concerned."""
        return self.connections[0] if self.connections else 0


_Raw = tuple[int, RowKind, tuple[int, ...], str, str, str, int, str | bytes, str, str]


class Journal:
    """All rows of one venue, or the last `limit` of them."""

    def __init__(self, *, limit: int | None = None) -> None:
        """`limit` bounds memory for a simulator that runs for days."""
        self._limit = limit
        self._raw: deque[_Raw] = deque()
        self._rows: deque[Row] = deque()
        self._blanker = Blanker()
        self._secrets: Callable[[], Iterable[str]] = tuple
        self._added = 0

    def learn(self, secrets: Iterable[str]) -> None:
        """Blank these in every row that was not read yet."""
        self._blanker.learn(secrets)

    def learn_from(self, secrets: Callable[[], Iterable[str]]) -> None:
        """Blank what `secrets` gives. It is asked when rows are read, and they are blanked by all it gives then."""
        self._secrets = secrets

    def blank(self, text: str) -> str:
        """`text` without the secrets there are by now."""
        self._blanker.learn(self._secrets())
        return self._blanker.blank(text)

    def add(
        self,
        kind: RowKind,
        at_ns: int,
        connections: tuple[int, ...],
        *,
        label: str = "",
        operation: str = "",
        topic: str = "",
        status: int = 0,
        text: str | bytes = "",
        note: str = "",
        refused: str = "",
    ) -> None:
        """Enter a row; `text` may be raw bytes and of any length."""
        if len(text) > _KEPT:
            note = f"{note}; {len(text)} long" if note else f"{len(text)} long"
            text = text[:_KEPT]
        self._raw.append((at_ns, kind, connections, label, operation, topic, status, text, note, refused))
        self._added += 1
        if self._limit is not None and len(self._raw) + len(self._rows) > self._limit:
            (self._rows or self._raw).popleft()

    def rows(self, since: int = 0) -> list[Row]:
        """The rows from the `since`-th ever added on, as far as they are kept."""
        self._blanker.learn(self._secrets())
        while self._raw:
            self._rows.append(self._finish(self._raw.popleft()))
        skip = max(since - (self._added - len(self._rows)), 0)
        return list(self._rows)[skip:]

    def __len__(self) -> int:
        """How many rows were ever added."""
        return self._added

    @property
    def forgotten(self) -> int:
        """How many of them are not kept any more."""
        return self._added - len(self._raw) - len(self._rows)

    def digest(self) -> str:
        """SHA-256 over the rows in canonical form: two runs that differ only in random ids have one digest."""
        canonical = Canonical()
        sha = hashlib.sha256(str(self._added).encode())
        for row in self.rows():
            sha.update(msgspec.json.encode(canonical.row(row)))
        return sha.hexdigest()

    def _finish(self, raw: _Raw) -> Row:
        at_ns, kind, connections, label, operation, topic, status, text, note, refused = raw
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        blank = self._blanker.blank
        return Row(
            at_ns,
            kind,
            connections,
            blank(label),
            operation,
            topic,
            status,
            blank(plain)[:TEXT_LIMIT],
            blank(note),
            refused,
        )


_SIGNATURES = re.compile(r"""(\b(?:signature|sign|apikey|api_key|listenkey)["']?\s*[=:]\s*["']?)([^"'&\s,}]+)""", re.I)


class Blanker:
    """Replaces secrets by `<secret N>`, N by first appearance, and whatever stands behind a telling name."""

    def __init__(self) -> None:
        """Knows no secret yet."""
        self._known: dict[str, None] = {}
        self._numbers: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, secrets: Iterable[str]) -> None:
        """Know these, as they are and as they look in a URL."""
        known = self._known
        for secret in secrets:
            if secret and secret not in known:
                known[secret] = None
                known[urllib.parse.quote(secret, safe="")] = None
                self._pattern = None

    def blank(self, text: str) -> str:
        """`text` without secrets."""
        if not text:
            return text
        if self._known:
            text = self._compiled().sub(self._numbered, text)
        lower = text.lower()
        return _SIGNATURES.sub(_blank_value, text) if "sign" in lower or "key" in lower else text

    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._known, key=lambda secret: (-len(secret), secret))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self._pattern

    def _numbered(self, found: re.Match[str]) -> str:
        secret = urllib.parse.unquote(found.group())
        number = self._numbers.setdefault(secret, len(self._numbers) + 1)
        return f"<secret {number}>"


def _blank_value(found: re.Match[str]) -> str:
    name, value = found.groups()
    return found.group() if value.startswith("<secret") else f"{name}<blanked>"


_RANDOM_ID = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{16,}")


class Canonical:
    """Names long ids (client order ids, tokens: 16 or more letters and digits) by first appearance."""

    def __init__(self) -> None:
        """No id was seen."""
        self._ids: dict[str, int] = {}

    def row(self, row: Row) -> Row:
        """The row as it counts for a digest."""
        return msgspec.structs.replace(
            row, label=self._text(row.label), text=self._text(row.text), note=self._text(row.note)
        )

    def _text(self, text: str) -> str:
        return _RANDOM_ID.sub(self._named, text) if len(text) >= 16 else text

    def _named(self, found: re.Match[str]) -> str:
        return f"<id {self._ids.setdefault(found.group(), len(self._ids) + 1)}>"
