"""Where commands print: plain lines, tables that fit 80 columns, JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80


def console() -> Console:
    """Standard output; as wide as the terminal, or as 80 columns where there is none."""
    from rich.console import Console  # here, because `serve` prints plain lines and should be ready soon

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


def line(text: str = "") -> None:
    """One line, as it is."""
    sys.stdout.write(f"{text}\n")


def print_json(value: object) -> None:
    """One JSON document."""
    line(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", right: Sequence[str] = ()) -> None:
    """A table; the last column takes what room is left and wraps. Cells are text, not markup."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, box=None, pad_edge=False, title_justify="left", header_style="bold")
    for name in columns:
        last = name == columns[-1]
        shown.add_column(name, justify="right" if name in right else "left", no_wrap=not last, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    console().print(shown)
