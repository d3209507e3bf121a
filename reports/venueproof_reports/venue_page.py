"""What is known of a venue, as pages show it: its products and every row of its register. Knows no markup."""

from __future__ import annotations

from itertools import groupby

from msgspec import Struct

STATUSES = {
    "switch": "the simulator does it in the profiles that are named, and can be told to, or not to",
    "always": "the simulator always does it",
    "adapter-only": "nothing on the wire shows it; a clause holds the duty",
    "note": "told only: neither a wire side nor a duty",
    "planned": "not built",
}
VERDICTS = {
    "agrees": "the vendor's pages or live clients say so too",
    "differs": "they say something else in part",
    "refuted": "they say the opposite; an adapter bears both",
    "unknown": "they say nothing of it",
}
PROVENANCES = {
    "documented": "a page of the vendor says so",
    "recorded": "clients in use rely on it, or a recording shows it",
    "field-report": "people who ran such systems reported it",
    "inferred": "concluded from other facts",
}
"""What the words of a register mean. A word that is missing here is a word that no row may use."""


class VenueRow(Struct, frozen=True, kw_only=True):
    """One row of the register. `profiles` are those that a switch is on in; `clause` is empty where none judges it."""

    id: str
    title: str
    status: str
    profiles: tuple[str, ...]
    does: str
    duty: str
    clause: str
    clause_title: str
    provocation: str
    source: str
    provenance: str
    verdict: str
    note: str
    why: str

    @property
    def subject(self) -> str:
        """The part of the venue that it is about: the second word of its id."""
        return self.id.split(".")[1]

    @property
    def state(self) -> str:
        """What is built of it, and when it is on."""
        if self.status != "switch":
            return self.status
        return f"switch, on in {' and '.join(self.profiles) or 'no profile'}"

    @property
    def judged(self) -> str:
        """What judges the duty, in words; empty for nothing."""
        if not self.clause:
            return ""
        shown = f", shown by {self.provocation}" if self.provocation else ""
        return f"{self.clause_title}{shown}" if self.clause_title else f"the whole trading {self.clause}{shown}"

    def facts(self) -> list[tuple[str, str]]:
        """What is told of it besides its head, each with its name."""
        told = {
            "Venue": self.does,
            "Duty": self.duty,
            "Why": self.why,
            "Note": self.note,
            "Source": self.source,
        }
        return [(name, text) for name, text in told.items() if text]


class VenueProduct(Struct, frozen=True, kw_only=True):
    """One product: `instrument` is what cases trade."""

    name: str
    title: str
    instrument: str


class VenuePage(Struct, frozen=True, kw_only=True):
    """The page of one venue."""

    name: str
    title: str
    facts_date: str
    products: tuple[VenueProduct, ...]
    rows: tuple[VenueRow, ...]

    def subjects(self) -> list[tuple[str, list[VenueRow]]]:
        """The rows by subject, subjects in the register's order."""
        order = list(dict.fromkeys(row.subject for row in self.rows))
        rows = sorted(self.rows, key=lambda row: order.index(row.subject))
        return [(subject, list(group)) for subject, group in groupby(rows, key=lambda row: row.subject)]

    def counts(self) -> list[tuple[str, int]]:
        """How many rows have each status that is met."""
        statuses = [row.status for row in self.rows]
        return [(status, statuses.count(status)) for status in STATUSES if status in statuses]

    def words(self) -> list[tuple[str, str]]:
        """What the words that its rows use mean, in the order in which a row says them."""
        used = {word for row in self.rows for word in (row.status, row.verdict, row.provenance)}
        return [(word, meaning) for word, meaning in (STATUSES | VERDICTS | PROVENANCES).items() if word in used]
