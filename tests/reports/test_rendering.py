import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, Evidence, Result, WireRow, load, seal, write_all
from venueproof_reports.page import lay_out
from venueproof_reports.render_html import render_html
from venueproof_reports.render_junit import render_junit
from venueproof_reports.render_markdown import escape, render_markdown
from venueproof_reports.sequence import STEPS_MAX, draw
from venueproof_reports.wording import seed_list, span

HOSTILE = st.one_of(
    st.text(st.characters(codec=None, categories=None), max_size=40),
    st.sampled_from(
        [
            "</style><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onmouseover='alert(1)",
            "{{ 7 * 7 }}{% for x in y %}",
            "]]></failure><failure>",
            "<!-- --> &lt; &#0; \x00\x1b[31m\u202e",
            "javascript:alert(1)",
            "| a | b |\n# title\n```\n[x](http://example.com) @somebody <b>",
        ]
    ),
)

_FENCED = re.compile(r"^(`{3,})sh\n.*?^\1$", re.DOTALL | re.MULTILINE)


class _Page(HTMLParser):
    """Tags, ids, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.extend((tag, name, value) for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for _, key, value in self.attributes if key == name]


def _hostile(base: Certificate, text: str) -> Certificate:
    """The certificate with one text in every place that an adapter or a user can fill."""
    name = text or "x"
    wire = tuple(WireRow(t_ns=1, sender=text, receiver="venue", kind=text, label=text, text=text) for _ in range(2))
    evidence = Evidence(
        title=text,
        section=name,
        level=base.results[0].evidence.level,
        why=text,
        message=text,
        wire=wire,
        reproduce=text,
        refuted=(text,),
        notes=(text,),
    )
    run = replace(base.runs[0], adapter=name, venue=name, adapter_version=text, journal_digest=text)
    row = replace(
        base.results[0],
        adapter=name,
        venue=name,
        product=text,
        clause=name,
        quirk=text,
        promise=text,
        evidence=evidence,
    )
    rows = [replace(row, outcome=outcome, quirk=f"{text}{number}") for number, outcome in enumerate(Outcome)]
    waiver = replace(base.header.waivers[0], adapter=name, clause=name, reason=text, expires=text)
    header = replace(
        base.header, waivers=(waiver,), selection=text, facts_dates={name: text}, dependencies={name: text}
    )
    kills = [replace(kill, clause=name, mutant=name, by=text) for kill in base.kills[:1]]
    return seal(header, [run], rows, kills, [replace(item, reason=text) for item in base.not_proven])


def test_all_reports_have_their_names(failing: Certificate, tmp_path: Path) -> None:
    written = write_all(failing, tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["certificate.json", "index.html", "summary.md", "junit.xml"]
    assert load(written[0]) == failing
    assert all(path.stat().st_size > 1000 for path in written)


@given(text=HOSTILE)
@settings(max_examples=40)
def test_hostile_text_adds_no_tag_and_no_attribute_to_the_page(small: Certificate, text: str) -> None:
    harmless, page = (_Page(render_html(_hostile(small, words))) for words in ("harmless", text or "harmless"))
    for tag in ("script", "style", "img", "a", "b", "meta", "iframe", "form", "link", "base", "object"):
        assert page.tags[tag] <= harmless.tags[tag], tag
    assert {(tag, name) for tag, name, _ in page.attributes} <= {(tag, name) for tag, name, _ in harmless.attributes}
    assert all(value.startswith("#") for value in page.values("href"))


@given(text=HOSTILE)
@settings(max_examples=40)
def test_hostile_text_leaves_junit_well_formed(small: Certificate, text: str) -> None:
    root = ElementTree.fromstring(render_junit(_hostile(small, text)))
    tags = Counter(element.tag for element in root.iter())
    assert tags["testcase"] == len(Outcome)
    assert (tags["failure"], tags["error"], tags["skipped"]) == (2, 1, 4)


@given(text=HOSTILE)
@settings(max_examples=40)
def test_hostile_text_stays_in_its_cell_of_the_summary(small: Certificate, text: str) -> None:
    assert not re.search(r"[\n\r|<>`@*_\[\]\\]", escape(text))
    harmless, hostile = (
        _FENCED.sub("", render_markdown(_hostile(small, words))) for words in ("harmless", text or "harmless")
    )
    assert [line.count("|") for line in hostile.splitlines()] == [line.count("|") for line in harmless.splitlines()]


def test_page_says_who_is_certified_and_who_does_not_decide(passing: Certificate, failing: Certificate) -> None:
    certified, refused = render_html(passing), render_html(failing)
    assert "<title>native on binance: certified" in certified
    assert "<title>native on binance: not certified" in refused
    assert "Observed, does not decide: 1 clause broke in the harness" in " ".join(refused.split())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shard": "2/3"}, "nothing against it in part 2 of 3"),
        ({"selection": "ORD-*"}, "nothing against it in the selected clauses"),
    ],
)
def test_a_part_of_the_suite_certifies_nobody(passing: Certificate, changes: dict[str, str], words: str) -> None:
    part = seal(replace(passing.header, **changes), passing.runs, passing.results)
    assert f"<title>native on binance: {words}" in render_html(part)
    assert f"native on binance: {words}" in render_markdown(part)


def test_page_explains_every_failure(failing: Certificate) -> None:
    words = " ".join(" ".join(_Page(render_html(failing)).words).split())
    for row in failing.results:
        if row.outcome == Outcome.FAIL:
            for part in (row.promise, row.evidence.why, row.evidence.message, row.evidence.reproduce):
                assert part in words


def test_links_of_the_page_lead_somewhere(failing: Certificate) -> None:
    page = _Page(render_html(failing))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value.removeprefix("#") for value in page.values("href")} <= set(ids)


def test_each_of_several_venues_has_a_matrix_that_the_page_leads_to(passing: Certificate) -> None:
    names = ["binance", "bybit", "deribit", "kraken", "okx"]
    runs = [replace(run, venue=name) for name in names for run in passing.runs if not run.observed]
    rows = [replace(row, venue=name) for name in names for row in passing.results]
    text = render_html(seal(passing.header, runs, rows))
    page = _Page(text)
    assert f"All {len(names)}: certified" in text
    found = re.findall(r'<h3 class="venue" id="(venue-\d)">(\w+)', text)
    assert found == [(f"venue-{number}", name) for number, name in enumerate(names, 1)]
    assert {value.removeprefix("#") for value in page.values("href")} <= set(page.values("id"))


def test_every_clause_has_a_cell_per_column(failing: Certificate) -> None:
    text = render_html(failing)
    matrix = text[text.index('<table class="matrix">') : text.index("</table>")]
    for clause in {row.clause for row in failing.results}:
        line = matrix[matrix.index(f'<span class="id">{clause}</span>') :].partition("</tr>")[0]
        assert line.count("<td") == 4, clause


def test_many_columns_hold_signs_that_are_said_in_words(both_products: Certificate) -> None:
    [matrix] = lay_out(both_products).matrices
    told = [(one.product, one.columns, one.first_of_adapter) for one in matrix.headings]
    assert told == [("inverse", 2, True), ("linear", 2, False)] * 2
    assert matrix.compact
    page = render_html(both_products)
    assert page.count('<span class="hidden">pass</span>') > 100
    assert '<span aria-hidden="true">1/' in page
    assert ">1 of " in page


def test_a_cell_counts_the_cases_that_apply(passing: Certificate) -> None:
    rows = [
        replace(row, outcome=Outcome.NOT_APPLICABLE) if (row.clause, row.quirk) == ("ERR-010", "BIN-Q012") else row
        for row in passing.results
        if row.adapter == "native"
    ]
    [matrix] = lay_out(seal(passing.header, passing.runs, rows)).matrices
    [line] = [row for section in matrix.sections for row in section.rows if row.clause == "ERR-010"]
    assert {(cell.words, cell.share) for cell in line.cells if cell.outcome} == {("pass", "")}


def test_what_is_lacking_outside_the_claim_is_not_shown_as_a_failure(passing: Certificate) -> None:
    rows = [
        replace(row, outcome=Outcome.NOT_SUPPORTED, claimed=row.clause != "MAR-010")
        for row in passing.results
        if row.adapter == "native" and row.clause in ("MAR-010", "LIF-010", "REC-010")
    ]
    beyond = sum(not row.claimed for row in rows)
    page = _Page(render_html(seal(passing.header, passing.runs[:1], rows)))
    told = f"{beyond} not supported, {len(rows) - beyond} not supported though claimed"
    assert (beyond, told in page.values("aria-label")) == (2, True)
    bars = [name for name in page.values("class") if name.startswith("f-")]
    assert bars == ["f-not-supported", "f-not-supported against"]


def test_products_that_fail_alike_are_told_together(both_products: Certificate) -> None:
    places = {place for item in lay_out(both_products).failures for seen in item.sightings for place in seen.where}
    assert "inverse and linear · vendor and field · BIN-Q051" in places
    assert not [place for place in places if place.startswith("linear ·")]


def test_backticks_of_a_promise_are_set_as_code(small: Certificate) -> None:
    row = replace(small.results[0], outcome=Outcome.FAIL, promise="raises `Not<Sent>`, and `waits")
    plain = replace(row, promise="raises `Not<Sent>`")
    page = render_html(seal(small.header, small.runs, [plain]))
    assert "raises <code>Not&lt;Sent&gt;</code> <small" in page
    assert "and `waits <small" in render_html(seal(small.header, small.runs, [row]))


def test_page_tells_when_nothing_was_proven(failing: Certificate) -> None:
    unproven = seal(replace(failing.header, proved=False), failing.runs, failing.results)
    assert "The suite was not proven in this run" in render_html(unproven)
    assert "The suite was not proven in this run" in render_markdown(unproven)


def test_page_shows_a_waiver_that_nothing_needed(failing: Certificate) -> None:
    unneeded = seal(failing.header, failing.runs[:1], failing.results[:1])
    assert failing.header.waivers[0].reason in render_html(unneeded)


def test_page_names_what_is_declared_and_judged_by_nothing(failing: Certificate) -> None:
    run = replace(failing.runs[0], unjudged=("stream-trades",))
    assert "stream-trades" not in render_html(failing)
    assert "stream-trades" in render_html(seal(failing.header, [run], failing.results[:1]))


def test_page_of_nothing_at_all(failing: Certificate) -> None:
    empty = seal(failing.header, [], [])
    assert "Not certified: every adapter was only observed" in render_html(empty)
    assert ElementTree.fromstring(render_junit(empty)).tag == "testsuites"
    assert render_markdown(empty).startswith("claim")


def test_junit_turns_red_only_for_what_decides(failing: Certificate) -> None:
    root = ElementTree.fromstring(render_junit(failing))
    suites = {suite.get("name", ""): suite for suite in root}
    assert len(suites) == 4
    assert suites["native binance linear field"].get("failures") == "3"
    watched = suites["ccxt binance linear vendor"]
    assert (watched.get("failures"), watched.get("errors")) == ("0", "0")
    skipped = [element.get("message", "") for element in watched.iter("skipped")]
    assert any(message.startswith("observed, does not decide; fail: ") for message in skipped)


def test_junit_names_a_case(failing: Certificate) -> None:
    root = ElementTree.fromstring(render_junit(failing))
    names = {case.get("name") for case in root.iter("testcase")}
    assert {"UNK-010[BIN-Q051]", "ORD-010"} <= names


def test_summary_bounds_the_list_of_failures(failing: Certificate) -> None:
    row = next(row for row in failing.results if row.outcome == Outcome.FAIL)
    rows: list[Result] = [replace(row, clause=f"ORD-{number:03}") for number in range(80)]
    text = render_markdown(seal(failing.header, failing.runs, rows))
    assert "30 more are in index.html." in text
    assert text.count("| ORD-") == 50


def _wire(count: int, **changes: str) -> list[WireRow]:
    plain = WireRow(t_ns=0, sender="adapter", receiver="venue", kind="request", label="x")
    return [replace(plain, t_ns=number * 10**6, **changes) for number in range(count)]


def test_long_excerpt_keeps_its_end() -> None:
    picture = draw(_wire(500))
    assert picture is not None
    assert (len(picture.steps), picture.left_out) == (STEPS_MAX, 500 - STEPS_MAX)
    assert picture.steps[-1].offset == "+499.0 ms"


def test_reply_points_left_and_a_fault_is_a_note() -> None:
    (reply,) = draw(_wire(1, sender="venue", receiver="adapter", kind="reply")).steps  # type: ignore[union-attr]
    assert (reply.first, reply.last, reply.rightwards, reply.note) == (0, 1, False, False)
    (fault,) = draw(_wire(1, sender="bench", kind="fault")).steps  # type: ignore[union-attr]
    assert fault.note


def test_parties_beyond_the_lanes_share_the_last() -> None:
    rows = [row for number in range(6) for row in _wire(1, sender=f"client {number}")]
    picture = draw(rows)
    assert picture is not None
    assert picture.lanes == ("adapter", "venue", "client 0", "others")
    assert {(step.first, step.last) for step in picture.steps} == {(1, 2), (1, 3)}


@pytest.mark.parametrize(
    ("ns", "words"),
    [
        (2_400_000, "2.4 ms"),
        (10_000_000_000, "10.0 s"),
        (302 * 10**9, "5 min 2 s"),
        (11_040 * 10**9, "3 h 4 min"),
    ],
)
def test_spans_are_said_in_a_fitting_unit(ns: int, words: str) -> None:
    assert span(ns) == words


def test_seeds_are_said_as_ranges() -> None:
    assert seed_list([9, 1, 2, 3, 8, 20, 2]) == "1–3, 8–9, 20"
