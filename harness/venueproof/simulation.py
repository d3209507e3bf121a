"""Starts a venue for as long as a block lasts: in virtual time inside a virtual loop, else in real time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from venueproof.bench_simulator import SimulatorBench
from venueproof.control import PREFIX, ControlPlane
from venueproof.usage import UsageError, nearest
from venueproof.virtual import Clock, RealClock, VirtualClock, VirtualLoop
from venueproof_contracts.model import Credentials, Endpoint
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host import discovery
from venueproof_simulators.host.journal import Journal
from venueproof_simulators.host.latency import NO_LATENCY, VIRTUAL_LATENCY
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import Profile, Venue

if TYPE_CHECKING:
    from venueproof_simulators.host.tls import Authority

ProfileName = Literal["vendor", "field"]
PaceName = Literal["still", "calm", "wild"]


class Setting(Struct, frozen=True, kw_only=True):
    """How a venue is run. `quirks` switches rows of the register: `+id` on, `-id` off.

    `port` is the first origin's, 0 takes any free. With `token` the control plane answers whoever has it, without it
    this machine only. `journal_rows` bounds what a venue that runs for days remembers: the wire's journal keeps so many
    rows, and the engine's, which only a repetition would need, none. Without `control` no levers are served over HTTP:
    an adapter that is judged must not find them on the port that it may reach.
    """

    venue: str
    seed: int = 1
    profile: ProfileName = "vendor"
    pace: PaceName = "still"
    quirks: tuple[str, ...] = ()
    tls: bool = False
    port: int = 0
    token: str = ""
    journal_rows: int | None = None
    control: bool = True


class SimulatedVenue:
    """A running venue. URLs are local; `origins` maps the official ones to them."""

    def __init__(self, simulator: Simulator, bench: SimulatorBench) -> None:
        """The simulator is running."""
        self.simulator = simulator
        self.bench = bench
        self.name = simulator.venue.manifest.name
        self.rest_url = simulator.rest_url
        self.ws_url = simulator.ws_url
        self.origins = dict(simulator.origins)
        self.credentials: Credentials = dict(simulator.venue.credentials)
        self.control_url = (simulator.rest_url + PREFIX).rstrip("/")
        self.proxy = ""
        """The proxy's URL, empty when none was asked for."""
        self.ca = ""
        """The file with the certificate authority behind TLS and proxy, empty when neither was asked for."""

    def endpoint(self, product: str = "") -> Endpoint:
        """Where an adapter finds a product; the venue's first for an empty name. Raises UsageError for an unknown."""
        products = [one.name for one in self.simulator.venue.manifest.products]
        if product and product not in products:
            raise UsageError(f"{self.name} has no product {product!r}; there are {', '.join(products)}")
        return Endpoint(
            venue=self.name,
            product=product or products[0],
            rest=self.rest_url,
            ws=self.ws_url,
            origins=self.origins,
            proxy=self.proxy,
            ca=self.ca,
        )


@cache
def authority() -> Authority:
    """The certificate authority of this process; its file goes with the process. Most runs need none."""
    from venueproof_simulators.host.tls import Authority

    return Authority()


@contextlib.asynccontextmanager
async def simulate(
    venue: str,
    *,
    seed: int = 1,
    profile: ProfileName = "vendor",
    pace: PaceName = "still",
    quirks: Sequence[str] = (),
    tls: bool = False,
    proxy: bool = False,
    port: int = 0,
    control: bool = True,
) -> AsyncGenerator[SimulatedVenue]:
    """Run a venue inside the block; see `Setting` for the options.

    Raises UsageError for a venue or quirk that does not exist, `OSError` when a port is taken.
    """
    setting = Setting(
        venue=venue,
        seed=seed,
        profile=profile,
        pace=pace,
        quirks=tuple(quirks),
        tls=tls,
        port=port,
        control=control,
    )
    async with running(setting) as one:
        if not proxy:
            yield one
            return
        async with proxied([one]):
            yield one


@contextlib.asynccontextmanager
async def running(setting: Setting) -> AsyncGenerator[SimulatedVenue]:
    """As `simulate`, from a setting and without a proxy."""
    clock, loop = _clock()
    venue = _opened(setting, clock.now_ns())
    if setting.journal_rows is not None:
        venue.engine.run_for_long()
    plane = ControlPlane(setting.token)
    simulator = Simulator(
        venue,
        clock=clock,
        seed=setting.seed,
        latency=NO_LATENCY if loop is None else VIRTUAL_LATENCY,
        journal=Journal(limit=setting.journal_rows),
        mount=plane.mount if setting.control else None,
    )
    bench = SimulatorBench(
        simulator,
        seed=setting.seed,
        profile=Profile(setting.profile),
        clock=clock,
        step_wall=None if loop is None else loop.step_wall,
        passes_time=loop is not None,
    )
    plane.attach(bench, list(bench.rows.values()))
    await simulator.start(port=setting.port, tls=authority().server_context() if setting.tls else None)
    try:
        switch_quirks(simulator, setting.quirks)
        simulated = SimulatedVenue(simulator, bench)
        simulated.ca = str(authority().ca_file()) if setting.tls else ""
        yield simulated
    finally:
        await simulator.stop()


@contextlib.asynccontextmanager
async def proxied(venues: Sequence[SimulatedVenue], port: int = 0) -> AsyncGenerator[str]:
    """Run one proxy for running venues inside the block, and tell them of it. Gives its URL."""
    from venueproof_simulators.host.proxy import Proxy

    proxy = Proxy([one.simulator for one in venues], authority())
    await proxy.start(port=port)
    try:
        for one in venues:
            one.proxy, one.ca = proxy.url, str(authority().ca_file())
        yield proxy.url
    finally:
        await proxy.stop()


def _clock() -> tuple[Clock, VirtualLoop | None]:
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        return VirtualClock(loop), loop
    return RealClock(), None


def _opened(setting: Setting, start_ns: int) -> Venue:
    profile, pace = Profile(setting.profile), Pace(setting.pace)
    try:
        return discovery.open_venue(setting.venue, seed=setting.seed, profile=profile, pace=pace, start_ns=start_ns)
    except discovery.UnknownVenue as error:
        raise UsageError(str(error)) from None


def switch_quirks(simulator: Simulator, quirks: Sequence[str]) -> None:
    """Switch rows of the register: `+id` on, `-id` off. Raises UsageError for anything else."""
    name = simulator.venue.manifest.name
    for text in quirks:
        sign, quirk = text[:1], text[1:]
        if sign not in ("+", "-"):
            raise UsageError(f"quirk {text!r}: begin with + to turn a row on or with - to turn it off")
        try:
            simulator.switch_quirk(quirk, sign == "+")
        except LookupError:
            raise UsageError(_cannot_switch(name, quirk)) from None


def _cannot_switch(venue: str, quirk: str) -> str:
    rows = {row.id: row for row in discovery.quirks(venue)}
    if quirk in rows:
        return f"quirk {quirk!r}: its status is {rows[quirk].status.value}: it cannot be switched"
    hint = nearest(quirk, rows)
    return f"quirk {quirk!r}: {venue} has no row of that name{hint}; `venueproof quirks {venue}` lists them"
