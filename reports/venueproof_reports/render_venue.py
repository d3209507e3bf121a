"""The page of a venue in two forms: Markdown beside the code, HTML beside a certificate."""

from __future__ import annotations

import re

from markupsafe import Markup

from venueproof_reports.render_html import asset, environment, policy
from venueproof_reports.venue_page import VenuePage, VenueRow

_SPECIAL = re.compile(r"[\\*<>\[\]|]|(?<![^\W_])_|_(?![^\W_])")


def render_venue_markdown(page: VenuePage) -> str:
    """The page in Markdown, with an anchor for each row."""
    products = [f"| {one.name} | {_escaped(one.title)} | `{one.instrument}` |" for one in page.products]
    counts = ", ".join(f"{count} {status}" for status, count in page.counts())
    parts = [
        f"# {_escaped(page.title)}",
        f"Facts of {page.facts_date}. Written by `venueproof docs` from the register in "
        f"`simulators/venueproof_simulators/venues/{page.name}/facts/quirks.toml`; change it there.",
        "\n".join(["| product | | traded in cases |", "|---|---|---|", *products]),
        f"Register: {counts or 'empty'}.",
        "<details><summary>What the words mean</summary>",
        "\n".join(f"- **{word}**: {meaning}" for word, meaning in page.words()),
        "</details>",
        " · ".join(f"[{subject}](#{subject})" for subject in sorted(subject for subject, _ in page.subjects())),
    ]
    for subject, rows in page.subjects():
        parts += [f"## {subject}", *(_row(row) for row in rows)]
    return "\n\n".join(parts) + "\n"


def _row(row: VenueRow) -> str:
    lines = [
        f"### {_escaped(row.title)}",
        "",
        f"`{row.id}` · {row.state} · {row.verdict} ({row.provenance})",
        "",
        *(f"- **{name}:** {_escaped(text)}" for name, text in row.facts()),
    ]
    if row.judged:
        lines.append(f"- **Judged by:** `{row.clause}` {_escaped(row.judged)}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match[0], " ".join(text.split()))


def render_venue_html(page: VenuePage) -> str:
    """The page in HTML: self-contained, each row under its id."""
    style = asset("page.css")
    template = environment().get_template("venue.html")
    return template.render(page=page, style=Markup(style), policy=policy(style))
