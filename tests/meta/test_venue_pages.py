"""The pages of venues that are kept beside the code are those that the registers make."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import pytest

from venueproof.venue_pages import venue_page
from venueproof_reports.render_venue import render_venue_markdown
from venueproof_reports.venue_page import PROVENANCES, STATUSES, VERDICTS
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import Provenance, Status, Verdict

PAGES = Path(__file__).parents[2] / "docs" / "venues"

pytestmark = pytest.mark.skipif(not PAGES.exists(), reason="needs the checkout, not only the wheel")


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_the_page_of_a_venue_is_current(venue: str) -> None:
    page = PAGES / f"{venue}.md"
    written = page.read_text("utf-8") if page.exists() else ""
    assert written == render_venue_markdown(venue_page(venue)), "run `venueproof docs`, and look at what changed"


def test_there_is_no_page_of_a_venue_that_is_gone() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} <= set(discovery.venue_names())


@pytest.mark.parametrize(("told", "used"), [(STATUSES, Status), (VERDICTS, Verdict), (PROVENANCES, Provenance)])
def test_the_pages_tell_what_every_word_of_a_register_means(told: dict[str, str], used: type[StrEnum]) -> None:
    assert list(told) == [word.value for word in used]
