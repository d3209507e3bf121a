"""The other commands, and what the command line says to a mistake."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from venueproof.cli import run_command
from venueproof_simulators.host import discovery

COMMAND = [sys.executable, "-c", "from venueproof.cli import main; main()"]
COMMANDS = ("serve", "certify", "venues", "quirks", "clauses", "adapters", "docs", "report", "compare")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["serve"], "Missing argument"),
        (["certify", "native", "--observe", "native"], "--observe native: it is also among those that decide"),
        (["serve", "binanc"], "no venue is called 'binanc'; did you mean 'binance'?"),
        (["serve", "binance", "--profile", "x"], "'--profile': 'x' is not one of 'vendor', 'field'"),
        (["serve", "binance", "--quirk", "+no.such"], "binance has no row of that name"),
        (["serve", "binance", "--port", "99999"], "less than or equal to 65535"),
        (["certify", "native", "--venue", "binanse"], "did you mean 'binance'?"),
        (["certify", "native", "--venue", "binance", "--product", "spot"], "--product spot: binance has linear"),
        (["certify", "native", "--profile", "mine"], "write vendor, field or both"),
        (["certify", "native", "--clause", "ORD-011"], "no clause of that name"),
        (["certify", "native", "--clause", ","], "--clause ,: names no clause"),
        (["certify", "native", "--clause", "ORD-010[x]"], "--clause ORD-010[x]: no such case of ORD-010"),
        (["certify", "native", "--clause", "ERR-010[x]"], "--clause ERR-010[x]: no such case of ERR-010; it has "),
        (["certify", "native", "--seed", "-1"], "--seed -1: a seed is 0 or more; write --seed 7 or --seed 1-20"),
        (["certify", "native", "--seed", "x"], "write --seed 7 or --seed 1-20"),
        (["certify", "native", "--shard", "3/2"], "like --shard 1/3"),
        (["certify", "native", "--target", "testnet"], "only simulators can be certified against"),
        (["certify", "native", "--waivers", "none.toml"], "none.toml: No such file"),
        (
            ["certify", "native", "--baseline", "none.json"],
            "--baseline none.json: No such file or directory; name the certificate.json of an earlier run",
        ),
        (
            ["serve", "binance", "--quirk", "+binance.candles.open-candle-last"],
            "its status is always: it cannot be switched",
        ),
        (["quirks", "nowhere"], "no venue is called 'nowhere'; there are binance, "),
        (["docs", "krakn"], "no venue is called 'krakn'; did you mean 'kraken'?"),
        (["docs", "--into", __file__], "name a folder that can be written"),
        (["quirks", "binance.candles.rest"], "did you mean 'binance.candles.rest-order'"),
        (["report", "none.json"], "none.json: No such file"),
        (["compare", "none.json", "none.json"], "none.json: No such file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("venueproof: ")
    assert line in told.err
    assert (told.err.count("\n"), told.out) == (1, "")


def test_the_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"venueproof {version('venueproof')}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([command, "--help"]) == 0
    assert re.search(rf"Example:\s+venueproof {command}", capsys.readouterr().out)


def test_without_arguments_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([]) == 0
    told = capsys.readouterr().out
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["venues"], {"name", "products", "origins", "facts_date"}),
        (["quirks"], {"id", "venue", "status", "verdict", "clause"}),
        (["quirks", "binance"], {"id", "venue", "status", "verdict", "clause"}),
        (["quirks", "binance.candles.rest-order"], {"id", "venue", "status", "verdict", "clause"}),
        (["clauses"], {"id", "promise", "why", "strength", "kind", "claim"}),
        (["adapters"], {"name", "target"}),
    ],
)
def test_lists_are_for_people_and_for_programs(
    arguments: list[str], keys: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([*arguments, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert keys <= set(rows[0])
    assert run_command(arguments) == 0
    text = capsys.readouterr().out
    assert str(rows[0].get("id") or rows[0]["name"]) in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_page_of_a_quirk_tells_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in discovery.quirks("binance") if row.id == "binance.candles.rest-order")
    assert run_command(["quirks", row.id]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for text in (row.title, row.does, row.duty, row.source, f"clause {row.clause}, shown by {row.provocation}"):
        assert " ".join(text.split()) in told
    assert "status switch, on in " in told


def test_venues_are_listed_with_every_product_and_the_state_of_their_register(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["venues"]) == 0
    told = capsys.readouterr().out
    for product in discovery.manifest("binance").products:
        assert f"{product.name:<9}" in told
        assert product.instrument in told
    counted = Counter(row.status.value for row in discovery.quirks("binance"))
    assert f"{counted['switch']} switch, {counted['always']} always" in told


def test_serve_says_where_it_is_and_ends_when_told() -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", "binance", "--json", "--proxy", "--seed", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        document = json.loads(process.stdout.readline())
        assert set(document) == {"venue", "rest", "ws", "origins", "proxy", "ca", "control", "credentials"}
        assert document["origins"]["https://fapi.binance.com"] == document["rest"]
        assert Path(document["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        host, port = document["rest"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"GET /fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    exported = dict(
        row.removeprefix("export ").split("=", 1) for row in errors.splitlines() if row.startswith("export ")
    )
    assert exported["HTTPS_PROXY"] == exported["WSS_PROXY"] == document["proxy"]
    assert exported["SSL_CERT_FILE"] == exported["CURL_CA_BUNDLE"] == document["ca"]
    assert "Traceback" not in errors
    assert not Path(document["ca"]).exists()


def test_serve_tells_people_each_host_once_within_eighty_columns() -> None:
    with subprocess.Popen([*COMMAND, "serve", "okx"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = list(iter(process.stdout.readline, "credentials\n"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert told[0] == "okx is ready; stop it with Ctrl-C\n"
    addresses = dict(row.split() for row in told[1 : told.index("instead of the venue's own hosts\n")])
    assert addresses["control"] == f"{addresses['REST']}/_venueproof"
    hosts = " ".join(told).split()
    assert [hosts.count(name) for name in ("www.okx.com,", "aws.okx.com", "ws.okx.com:8443,")] == [1, 1, 1]
    assert max(len(row) for row in told) <= 81


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = subprocess.run(
            [*COMMAND, "serve", "binance", "--port", str(port)], capture_output=True, text=True, timeout=30, check=False
        )
    assert found.returncode == 2
    assert f"cannot listen on port {port} or one after it: Address already in use; choose" in found.stderr
    assert "choose another --port" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_reader_that_goes_away_is_no_accident() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    found = subprocess.run(
        [*COMMAND, "clauses", "--json"], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    os.close(writing)
    assert (found.returncode, found.stderr) == (141, "")


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(as_json: bool) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("venueproof.cli.listing.list_venues", interrupted)
    assert run_command(["venues"]) == 130
    assert capsys.readouterr().err == "venueproof: interrupted\n"


def test_a_fault_of_ours_is_exit_code_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("venueproof.cli.listing.list_venues", lambda as_json: 1 // 0)
    assert run_command(["venues"]) == 3
    assert re.match(r"venueproof: the harness broke: ZeroDivisionError: .*; this is a bug", capsys.readouterr().err)
