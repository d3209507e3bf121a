"""The page of a venue: every row of its register, under its id, and led to from a certificate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from venueproof_reports import Certificate, seal, write_all
from venueproof_reports.render_html import render_html
from venueproof_reports.render_venue import render_venue_html, render_venue_markdown
from venueproof_reports.venue_page import VenuePage, VenueProduct, VenueRow

ROW = VenueRow(
    id="binance.order.lost-stop",
    title="A stop is lost",
    status="switch",
    profiles=("field",),
    does="On: it is gone.",
    duty="Look for it.",
    clause="SAF-010",
    clause_title="stops are looked for",
    provocation="stop.lost",
    source="field report",
    provenance="field-report",
    verdict="unknown",
    note="",
    why="",
)
PAGE = VenuePage(
    name="binance",
    title="Binance futures",
    facts_date="2026-11-20",
    products=(VenueProduct(name="linear", title="USDⓈ-M", instrument="BTC/USDT:USDT"),),
    rows=(
        replace(ROW, id="binance.candles.x", title="X", status="note", clause="", clause_title="", why="no wire side"),
        ROW,
        replace(ROW, id="binance.candles.y", title="Y", clause="system", clause_title="", provocation=""),
    ),
)


@pytest.mark.parametrize("render", [render_venue_html, render_venue_markdown])
def test_a_page_tells_all_of_each_row_by_subject(render: object) -> None:
    assert callable(render)
    text = render(PAGE)
    for row in PAGE.rows:
        for part in (row.id, row.title, row.does, row.duty, row.source, row.verdict, row.why, row.judged):
            assert part in text, part
    assert "switch, on in field" in text
    assert "stops are looked for, shown by stop.lost" in text
    assert text.index("binance.candles.y") < text.index("binance.order.lost-stop")


@pytest.mark.parametrize("render", [render_venue_html, render_venue_markdown])
def test_a_page_leads_to_its_subjects_and_explains_the_words_that_it_uses(render: object) -> None:
    assert callable(render)
    page = replace(PAGE, rows=(*PAGE.rows, replace(ROW, id="binance.auth.z")))
    text = render(page)
    assert [text.count(f"#{subject}") for subject, _ in page.subjects()] == [1, 1, 1]
    assert text.index("#auth") < text.index("#candles") < text.index("#order")
    assert "neither a wire side nor a duty" in text
    assert "not built" not in text


def test_text_of_a_register_is_text_on_both_pages() -> None:
    hostile = replace(PAGE, rows=(replace(ROW, does="a < b | *c* <img src=x> [d](e) __f__ g_h"),))
    assert "<img" not in render_venue_html(hostile)
    assert r"a \< b \| \*c\* \<img src=x\> \[d\](e) \_\_f\_\_ g_h" in render_venue_markdown(hostile)


def test_a_certificate_leads_to_the_rows_of_its_cases(passing: Certificate, tmp_path: Path) -> None:
    first = replace(passing.results[0], venue="binance", quirk=ROW.id)
    certificate = seal(passing.header, passing.runs, [first, *passing.results[1:]])
    written = {path.relative_to(tmp_path).as_posix(): path for path in write_all(certificate, tmp_path, [PAGE])}
    index = written["index.html"].read_text("utf-8")
    page = written["venues/binance.html"].read_text("utf-8")
    assert 'href="venues/binance.html"' in index
    assert f'href="venues/binance.html#{ROW.id}"' in index
    assert re.findall(r'<article class="quirk" id="([^"]+)">', page) == [
        "binance.candles.x",
        "binance.candles.y",
        ROW.id,
    ]
    assert 'href="../index.html"' in page


def test_a_venue_without_a_page_is_not_linked(passing: Certificate) -> None:
    assert "venues/" not in render_html(passing)
