"""Every official host serves its own paths and nobody else's; the first one of each world serves all."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.simulators.venues.support.client import ADDRESS

from venueproof_simulators.host.venue import Environment, HttpRequest
from venueproof_simulators.venues.binance.venue import MANIFEST

from .client import Client

REST = ("/fapi/v1/ping", "/dapi/v1/ping", "/api/v3/ping")
SOCKETS = ("/ws", "/public/ws", "/ws-fapi/v1", "/ws-dapi/v1")
SERVED = {
    "fapi.binance.com": {*REST, *SOCKETS},
    "fstream.binance.com": {"/ws", "/public/ws"},
    "ws-fapi.binance.com": {"/ws-fapi/v1"},
    "dapi.binance.com": {"/dapi/v1/ping"},
    "dstream.binance.com": {"/ws", "/public/ws"},
    "ws-dapi.binance.com": {"/ws-dapi/v1"},
    "api.binance.com": {"/api/v3/ping"},
    "testnet.binancefuture.com": {*REST, *SOCKETS},
    "demo-fapi.binance.com": {*REST, *SOCKETS},
    "demo-dapi.binance.com": {"/dapi/v1/ping"},
    "fstream.binancefuture.com": {"/ws", "/public/ws"},
    "stream.binancefuture.com": {"/ws", "/public/ws"},
    "demo-fstream.binance.com": {"/ws", "/public/ws"},
    "dstream.binancefuture.com": {"/ws", "/public/ws"},
    "testnet.binance.vision": {"/api/v3/ping"},
    "demo-api.binance.com": {"/api/v3/ping"},
}
"""As section 2 of the fact sheet has it."""
HOSTS = {urlsplit(url).hostname or "": origin for origin in MANIFEST.origins for url in origin.official}


def test_every_official_host_is_there_once_and_in_its_world() -> None:
    assert set(HOSTS) == set(SERVED)
    test_hosts = {host for host, origin in HOSTS.items() if origin.environment is Environment.TEST}
    assert test_hosts == {host for host in SERVED if "test" in host or "demo" in host or "binancefuture" in host}


@pytest.mark.parametrize("host", SERVED)
def test_host_serves_its_own_paths(client: Client, host: str) -> None:
    origin, served = HOSTS[host].name, set[str]()
    for path in REST:
        if client.request("GET", path, origin=origin).status == 200:
            served.add(path)
    for number, path in enumerate(SOCKETS):
        if client.venue.open(number, HttpRequest(origin, "GET", path, "", {}, b"", ADDRESS), client.time()) is None:
            served.add(path)
    assert served == SERVED[host]
