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


def shortened(name: str, chars_max: int) -> str:
    """A long name without its middle: `module:factory` is told by both ends."""
    if len(name) <= chars_max:
        return name
    front = (chars_max - 1) // 2
    return f"{name[:front]}…{name[front + 1 - chars_max :]}"


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = (), wraps: bool = True
) -> None:
    """A table; the last column takes what room is left and `wraps`. Cells are text, not markup."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=not wraps)
    for name in columns:
        last = name == columns[-1] and wraps
        shown.add_column(name, justify="right" if name in right else "left", no_wrap=not last, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    console().print(shown)
