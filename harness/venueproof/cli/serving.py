"""`serve`: venues on local ports until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import textwrap
from collections.abc import Mapping, Sequence

import msgspec

from venueproof.cli import seldom_collect
from venueproof.cli.output import WIDTH, line
from venueproof.simulation import Setting, SimulatedVenue, proxied, running
from venueproof.usage import UsageError
from venueproof_simulators.host import discovery

JOURNAL_ROWS = 100_000
"""A venue that is served for days keeps so many rows of its journal."""
TOKEN_VARIABLE = "VENUEPROOF_CONTROL_TOKEN"
"""Where it is set the control plane wants this token, and answers whoever has it."""
CA_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "WEBSOCKET_CLIENT_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
"""Where clients look for the authorities that they trust."""


def serve_venues(settings: Sequence[Setting], *, port: int, proxy: bool, as_json: bool) -> int:
    """Serve until SIGINT or SIGTERM. Raises UsageError for an unknown venue or a port that is taken."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(_placed(settings, port), proxy=proxy, as_json=as_json))
    return 0


def _placed(settings: Sequence[Setting], port: int) -> list[Setting]:
    """The settings with ports: each venue takes as many in a row as it has origins."""
    placed: list[Setting] = []
    for setting in settings:
        token = os.environ.get(TOKEN_VARIABLE, "")
        placed.append(msgspec.structs.replace(setting, port=port, journal_rows=JOURNAL_ROWS, token=token))
        port += _origins(setting.venue) if port else 0
    return placed


def _origins(venue: str) -> int:
    try:
        return len(discovery.manifest(venue).origins)
    except discovery.UnknownVenue as error:
        raise UsageError(str(error)) from None


async def _serve(settings: Sequence[Setting], *, proxy: bool, as_json: bool) -> None:
    stopped = _stop_signal()
    async with contextlib.AsyncExitStack() as stack:
        venues = [await _entered(stack, setting) for setting in settings]
        if proxy:
            await stack.enter_async_context(proxied(venues))
        calm_collector()
        _announce(venues, as_json)
        await stopped.wait()


def calm_collector() -> None:
    """Let Python's collector of circles leave alone what stays for good, and look less often at the rest.

    What was loaded by now is never garbage (or too little to look for), and a venue's history grows without circles:
    walking over both again and again is a tenth of the time of an order. For a process that only serves, as it holds
    for all of it.
    """
    gc.freeze()
    seldom_collect()


async def _entered(stack: contextlib.AsyncExitStack, setting: Setting) -> SimulatedVenue:
    try:
        return await stack.enter_async_context(running(setting))
    except OSError as error:
        place = f"port {setting.port} or one after it" if setting.port else "a port of this machine"
        advice = "choose another --port, or 0 for any free one"
        why = os.strerror(error.errno) if error.errno else error
        raise UsageError(f"serve {setting.venue}: cannot listen on {place}: {why}; {advice}") from None


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _announce(venues: Sequence[SimulatedVenue], as_json: bool) -> None:
    for venue in venues:
        if as_json:
            line(msgspec.json.encode(announcement(venue)).decode())
        else:
            _print_venue(venue)
    sys.stdout.flush()
    if venues[0].proxy:
        stream = sys.stderr if as_json else sys.stdout
        stream.write("\n".join(exports(venues[0])) + "\n")
        stream.flush()


def announcement(venue: SimulatedVenue) -> dict[str, object]:
    """What a program must know to use a venue."""
    return {
        "venue": venue.name,
        "rest": venue.rest_url,
        "ws": venue.ws_url,
        "origins": venue.origins,
        "proxy": venue.proxy,
        "ca": venue.ca,
        "control": venue.control_url,
        "credentials": venue.credentials,
    }


def exports(venue: SimulatedVenue) -> list[str]:
    """Lines for a shell: clients that read their environment then reach us under the production URLs."""
    return [
        *(f"export {name}={venue.proxy}" for name in ("HTTPS_PROXY", "WSS_PROXY")),
        *(f"export {name}={venue.ca}" for name in CA_VARIABLES),
        f"# ccxt wants options: {{'httpsProxy': '{venue.proxy}', 'wssProxy': '{venue.proxy}', 'cafile': '{venue.ca}'}}",
    ]


def _print_venue(venue: SimulatedVenue) -> None:
    line(f"{venue.name} is ready; stop it with Ctrl-C")
    addresses = {"REST": venue.rest_url, "WebSocket": venue.ws_url, "control": venue.control_url}
    _print_pairs(addresses | {"proxy": venue.proxy, "CA file": venue.ca})
    line("instead of the venue's own hosts")
    for local, hosts in _hosts(venue.origins).items():
        indent = " " * len(f"  {local}  ")
        line(
            textwrap.fill(
                ", ".join(hosts), WIDTH, initial_indent=f"  {local}  ", subsequent_indent=indent, break_on_hyphens=False
            )
        )
    line("credentials")
    _print_pairs(venue.credentials)


def _hosts(origins: Mapping[str, str]) -> dict[str, list[str]]:
    """Local address → the venue's hosts that it stands for, each once, whatever its schemes."""
    found: dict[str, dict[str, None]] = {}
    for official, local in origins.items():
        found.setdefault(_host(local), {})[_host(official)] = None
    return {local: list(hosts) for local, hosts in found.items()}


def _host(url: str) -> str:
    return url.partition("://")[2]


def _print_pairs(pairs: Mapping[str, str]) -> None:
    """A line for each name that has a value; a value of several lines stands below its name."""
    wide = max(len(name) for name, value in pairs.items() if value)
    for name, value in pairs.items():
        if "\n" in value:
            line(f"  {name}\n{value.strip()}")
        elif value:
            line(f"  {name:<{wide}}  {value}")
