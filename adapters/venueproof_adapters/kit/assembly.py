"""Joins the kit's parts and a venue's own into one adapter: what stands on what, the same on every venue.

A venue's `build` makes the ground, puts its own parts on it, and has them joined:

    ground = prepare(endpoint, credentials, parts, client_id=PATTERN, client_id_length=LENGTH)
    rest = Rest(…, ground)
    return joined(ground, VenueParts(venue=…, orders=…, account=…, market=…, account_source=…, market_source=…))
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from msgspec import Struct

from venueproof_adapters.kit.account_stream import RECOVERY_BOUND_S, AccountSource, AccountStream
from venueproof_adapters.kit.amender import Amender
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.desk import Desk
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.line import MarketSource
from venueproof_adapters.kit.managed import ManagedAdapter, MarketQuestions, Settings, Venue, Works
from venueproof_adapters.kit.market_stream import MarketStream
from venueproof_adapters.kit.ordercalls import OrderCalls
from venueproof_adapters.kit.own import AccountCalls, Own
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events, State
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.model import AdapterKind, AmendManner, ClientIdUniqueness, Credentials, Declaration, Endpoint


class AccountPart(AccountCalls, Settings, Protocol):
    """What a venue answers about the account, and lets it set."""


class VenueParts(Struct, frozen=True):
    """What only the venue's own code can do."""

    venue: Venue
    orders: OrderCalls
    account: AccountPart
    market: MarketQuestions
    account_source: AccountSource
    market_source: MarketSource


def prepare(
    endpoint: Endpoint, credentials: Credentials, parts: Parts, *, client_id: str, client_id_length: int
) -> Ground:
    """The ground for one adapter. `client_id`: the pattern of what the venue takes as one.

    Chance is seeded by the credentials: the same on each run, and two accounts do not come back in step.
    """
    clock = parts.clock()
    random = parts.random(zlib.crc32(next(iter(credentials.values()), "").encode()))
    sync = parts.clock_sync(clock)
    catalog, events, budget = Catalog(), Events(), parts.budget(sync.now_ns)
    ids = parts.ids(client_id, client_id_length)
    return Ground(
        parts=parts,
        clock=clock,
        random=random,
        sync=sync,
        http=parts.http(proxy=endpoint.proxy, ca=endpoint.ca),
        budget=budget,
        backoff=parts.backoff(random),
        options=SocketOptions(proxy=endpoint.proxy, ca=endpoint.ca, turn=budget.connect),
        catalog=catalog,
        ids=ids,
        events=events,
        state=State(parts, ids, events, catalog),
    )


def joined(ground: Ground, own: VenueParts) -> Adapter:
    """The adapter."""
    parts, catalog, state, now_ns = ground.parts, ground.catalog, ground.state, ground.sync.now_ns
    reconnects, options = parts.reconnects(ground.random), ground.options
    account_stream = AccountStream(parts, own.account_source, catalog, state, now_ns, reconnects, options)
    desk = Desk(parts, ground.clock, now_ns, own.orders, catalog, state, account_stream.watch)
    questions = Own(own.account, catalog, state, desk, now_ns)
    account_stream.connect_to(questions)
    market_stream = MarketStream(
        parts, own.market_source, own.market, catalog, ground.events, now_ns, reconnects, options
    )
    return ManagedAdapter(
        Works(
            venue=own.venue,
            http=ground.http,
            clock_sync=ground.sync,
            catalog=catalog,
            events=ground.events,
            market=own.market,
            market_stream=market_stream,
            desk=desk,
            amender=Amender(own.orders, catalog, state, desk),
            own=questions,
            account_stream=account_stream,
            settings=own.account,
        )
    )


def declared(
    name: str, missing: Iterable[Capability], *, request_lifetime_s: int, client_id_unique: ClientIdUniqueness
) -> Declaration:
    """What an adapter says that is made of these parts: everything is built but what is missing."""
    return Declaration(
        name=name,
        version=_package_version(),
        kind=AdapterKind.MANAGED,
        capabilities=dict.fromkeys(Capability, Support.FULL) | dict.fromkeys(missing, Support.MISSING),
        request_lifetime_s=Decimal(request_lifetime_s),
        client_id_unique=client_id_unique,
        amend=AmendManner.PLACE_THEN_CANCEL,
        recovery_bound_s=Decimal(RECOVERY_BOUND_S),
        trailing="native",
    )


def _package_version() -> str:
    """Our adapters' version is the product's; `unknown` in a checkout that is not installed."""
    try:
        return version("venueproof")
    except PackageNotFoundError:
        return "unknown"
