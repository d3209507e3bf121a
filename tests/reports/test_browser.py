"""The page in a real browser: what it asks for, how wide it gets, what is left without JavaScript."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.sync.client import ClientConnection, connect

from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, seal, write_all

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
)
TIME_OUT_S = 30


class Tab:
    """One tab, spoken to by the DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = count(1)
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come first are kept."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=TIME_OUT_S))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def show(self, path: Path, *, width: int = 1280, scripts: bool = True, dark: bool = False) -> None:
        """Load a file, and wait until it has loaded."""
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Log.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self._socket.recv(timeout=TIME_OUT_S)))

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page; works with the page's own scripts disabled, too."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def requested(self) -> list[str]:
        """All addresses asked for since the page was shown."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the browser logged, the content security policy's refusals among it."""
        return [e["params"]["entry"]["text"] for e in self.events if e["method"] == "Log.entryAdded"]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A tab of a browser that this module started and ends."""
    assert CHROMIUM, "the browser tests need a Chromium on the path: apt-get install chromium"
    profile = tmp_path_factory.mktemp("profile")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as browser:
        try:
            with connect(_browser_address(browser), max_size=None) as socket:
                root = Tab(socket)
                target = root.call("Target.createTarget", url="about:blank")["targetId"]
                page = _browser_address_of_page(socket, target)
                with connect(page, max_size=None) as page_socket:
                    yield Tab(page_socket)
                root.call("Browser.close")
        finally:
            browser.terminate()


def _browser_address(browser: subprocess.Popen[str]) -> str:
    assert browser.stderr is not None
    for line in browser.stderr:
        if "DevTools listening on " in line:
            return line.partition("DevTools listening on ")[2].strip()
    raise AssertionError("the browser ended before it listened")


def _browser_address_of_page(socket: ClientConnection, target: str) -> str:
    host, port = socket.remote_address[:2]
    return f"ws://{host}:{port}/devtools/page/{target}"


@pytest.fixture(scope="module")
def page(failing: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(failing, tmp_path_factory.mktemp("report"))[1]


def test_page_asks_for_nothing_but_itself(tab: Tab, page: Path) -> None:
    tab.show(page)
    assert tab.requested() == [page.as_uri()]
    assert tab.complaints() == []


def test_script_and_style_pass_the_policy(tab: Tab, page: Path) -> None:
    tab.show(page)
    assert tab.ask("document.querySelectorAll('.command button').length") > 0
    assert tab.ask("getComputedStyle(document.querySelector('h1')).color") == "rgb(179, 36, 26)"


@pytest.fixture(scope="module")
def wide_page(both_products: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(both_products, tmp_path_factory.mktemp("both"))[1]


def test_clauses_keep_most_of_the_room_beside_many_columns(tab: Tab, wide_page: Path) -> None:
    tab.show(wide_page, width=1280)
    widths = tab.ask(
        "[...document.querySelectorAll('.matrix tbody.row tr:first-child th.clause')].map(node => node.offsetWidth)"
    )
    assert min(widths) > 500


def test_no_word_of_a_list_is_broken(tab: Tab, failing: Certificate, tmp_path: Path) -> None:
    cases = [f"binance.conditional.protective-orders-of-the-whole-position-{number}" for number in range(8)]
    rows = [
        replace(row, outcome=Outcome.NOT_SUPPORTED, claimed=False, quirk=case)
        for row in failing.results[:1]
        for case in cases
    ]
    tab.show(write_all(seal(failing.header, failing.runs, rows), tmp_path)[1], width=1280)
    heights = tab.ask("[...document.querySelectorAll('#quiet th')].map(node => node.clientHeight)")
    assert len(heights) == 5
    assert max(heights) < 40


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("of", ["page", "wide_page"])
def test_page_never_scrolls_sideways(tab: Tab, of: str, width: int, request: pytest.FixtureRequest) -> None:
    tab.show(request.getfixturevalue(of), width=width)
    tab.ask("document.querySelectorAll('details').forEach(node => { node.open = true; })")
    assert tab.ask("document.documentElement.scrollWidth") <= width


def test_matrix_is_there_without_scripts(tab: Tab, page: Path) -> None:
    tab.show(page, scripts=False)
    assert tab.ask("document.querySelectorAll('.command button').length") == 0
    assert tab.ask("document.querySelectorAll('.matrix tbody.row').length") == 35
    assert tab.ask("document.querySelector('.matrix td.o-fail').innerText").strip() == "fail"
    assert tab.ask("document.querySelector('.matrix td.o-pass').getBoundingClientRect().height") > 0


def test_heads_of_the_matrix_stay_in_sight(tab: Tab, page: Path) -> None:
    tab.show(page)
    tab.ask("document.querySelectorAll('.matrix tbody.row')[20].scrollIntoView()")
    assert abs(tab.ask("document.querySelector('.matrix thead').getBoundingClientRect().top")) < 1


def test_cases_unfold_and_clean_rows_fold_away_without_scripts(tab: Tab, page: Path) -> None:
    tab.show(page, scripts=False)
    shown = "[...document.querySelectorAll('{}')].filter(node => node.offsetHeight > 0).length"
    assert tab.ask(shown.format(".matrix .of-case")) == 0
    tab.ask("document.querySelector('.fold input').click()")
    assert tab.ask(shown.format(".matrix .of-case")) == 2
    tab.ask("document.querySelector('#unclean').click()")
    assert 0 < tab.ask(shown.format(".matrix tbody.row")) < 35


def test_link_of_a_cell_opens_its_failure(tab: Tab, page: Path) -> None:
    tab.show(page)
    anchor = tab.ask("document.querySelector('#observed .finding').id")
    assert tab.ask(f"document.getElementById('{anchor}').open") is False
    tab.ask(f"document.querySelector('.matrix a[href=\"#{anchor}\"]').click()")
    tab.call("Runtime.evaluate", expression="new Promise(done => setTimeout(done, 50))", awaitPromise=True)
    assert tab.ask(f"document.getElementById('{anchor}').open") is True


def test_page_turns_dark_where_that_is_preferred(tab: Tab, page: Path) -> None:
    tab.show(page, dark=True)
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_enough_contrast(tab: Tab, page: Path, dark: bool) -> None:
    tab.show(page, dark=dark)
    assert tab.ask(_WEAK_CONTRASTS) == []


_WEAK_CONTRASTS = """(() => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = node => {
    for (; node; node = node.parentElement) {
      const color = numbers(getComputedStyle(node).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!own || !node.offsetHeight || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
    const [one, two] = [light(numbers(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < 4.5) weak.push(`${node.className || node.tagName} ${node.innerText.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return weak;
})()"""
