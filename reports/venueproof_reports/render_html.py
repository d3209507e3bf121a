"""The page: one self-contained HTML file, readable without JavaScript, that asks the network for nothing.

All text of a certificate is hostile: templates escape everything, and the page's own content security policy allows no
source but the one style sheet and the one script that it carries, both by hash.
"""

import base64
import hashlib
from collections.abc import Collection, Iterator
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from venueproof_contracts.outcomes import Outcome
from venueproof_reports import wording
from venueproof_reports.certificate import Certificate
from venueproof_reports.page import Page, lay_out
from venueproof_reports.verdict import RunVerdict

_BAR_ORDER = (
    Outcome.PASS,
    Outcome.TOLERATED,
    Outcome.WAIVED,
    Outcome.NOT_APPLICABLE,
    Outcome.NOT_PROVABLE,
    Outcome.NOT_SUPPORTED,
    Outcome.FAIL,
    Outcome.HARNESS_ERROR,
)


class BarPart(NamedTuple):
    """One part of a run's bar. `against`: not supported, and claimed; `start` and `width` are percentages."""

    outcome: Outcome
    against: bool
    words: str
    rows: int
    start: str
    width: str


def render_html(certificate: Certificate, documented: Collection[str] = ()) -> str:
    """The certificate as one HTML page, with links to `venues/<venue>.html` for the venues that are `documented`."""
    style, script = asset("page.css"), asset("page.js")
    page = lay_out(certificate)
    return (
        environment()
        .get_template("page.html")
        .render(
            page=page,
            certificate=certificate,
            documented=documented,
            headline=_headline(page),
            outcomes=list(Outcome),
            bar_of=_bar,
            with_code=_with_code,
            meaning=wording.MEANING,
            words=wording.outcome_words,
            blame_words=wording.blame_words,
            seed_list=wording.seed_list,
            seconds_span=wording.seconds_span,
            run_words=wording.run_words,
            clock_time=wording.clock_time,
            plural=wording.plural,
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
        )
    )


def environment() -> Environment:
    """How templates are filled in: everything is escaped, nothing missing is overlooked."""
    return Environment(
        loader=PackageLoader("venueproof_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: object) -> object:
    """Show what could not be seen; our own style sheet and script pass as they are."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return wording.visible(value)


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return resources.files("venueproof_reports").joinpath("templates", name).read_text("utf-8")


def policy(style: str, script: str = "") -> str:
    """The content security policy of a page with this style sheet, and with this script or none."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            *([f"script-src '{_hash(script)}'"] if script else []),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _headline(page: Page) -> str:
    if not page.decides:
        return "Not certified: every adapter was only observed"
    words = wording.whole_words(page.certificate.header, page.verdict)
    if len(page.decides) == 1:
        run = page.decides[0].run
        return f"{run.adapter} on {run.venue}: {words}"
    total = len(page.decides)
    refused = sum(not item.certified for item in page.decides)
    return f"{refused} of {total} not certified" if refused else f"All {total}: {words}"


def _bar(verdict: RunVerdict) -> list[BarPart]:
    """The parts of a run's bar. What is not supported counts against a run only where that is claimed."""
    parts: list[BarPart] = []
    start, total = 0, sum(verdict.run.counts.values())
    for outcome, against, count in _bar_counts(verdict):
        words = wording.outcome_words(outcome) + (" though claimed" if against else "")
        at, width = (f"{100 * rows / total:.2f}%" for rows in (start, count))
        parts.append(BarPart(outcome, against, words, count, at, width))
        start += count
    return parts


def _bar_counts(verdict: RunVerdict) -> Iterator[tuple[Outcome, bool, int]]:
    claimed = sum(row.outcome == Outcome.NOT_SUPPORTED for row in verdict.against)
    for outcome in _BAR_ORDER:
        heavy = claimed if outcome is Outcome.NOT_SUPPORTED else 0
        if light := verdict.run.counts.get(outcome, 0) - heavy:
            yield outcome, False, light
        if heavy:
            yield outcome, True, heavy


def _with_code(text: str) -> Markup:
    """Our own prose: what stands between backticks is code. Everything is escaped."""
    parts = [escape(wording.visible(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(wording.visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )
