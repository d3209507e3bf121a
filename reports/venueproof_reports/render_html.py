"""The page: one self-contained HTML file, readable without JavaScript, that asks the network for nothing.

All text of a certificate is hostile: templates escape everything, and the page's own content security policy allows no
source but the one style sheet and the one script that it carries, both by hash.
"""

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from venueproof_contracts.outcomes import Outcome
from venueproof_reports import wording
from venueproof_reports.certificate import Certificate, Run
from venueproof_reports.page import Page, lay_out

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


def render_html(certificate: Certificate) -> str:
    """The certificate as one HTML page."""
    style, script = _asset("page.css"), _asset("page.js")
    page = lay_out(certificate)
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            certificate=certificate,
            headline=_headline(page),
            outcomes=list(Outcome),
            bar_of=_bar,
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
            policy=_policy(style, script),
        )
    )


def _environment() -> Environment:
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


def _asset(name: str) -> str:
    return resources.files("venueproof_reports").joinpath("templates", name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
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


def _bar(run: Run) -> list[tuple[Outcome, int, str, str]]:
    """The parts of a run's bar: outcome, rows, start and width in percent."""
    total = sum(run.counts.values())
    parts: list[tuple[Outcome, int, str, str]] = []
    start = 0
    for outcome in _BAR_ORDER:
        if count := run.counts.get(outcome, 0):
            parts.append((outcome, count, f"{100 * start / total:.2f}%", f"{100 * count / total:.2f}%"))
            start += count
    return parts
