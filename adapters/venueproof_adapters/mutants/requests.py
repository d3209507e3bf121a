"""Mutants of how requests are made and answers are read: clock, keys, errors, limits, unknown outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from random import Random
from typing import TypeVar

import msgspec

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.clock import Clock
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.kit.windows import Window
from venueproof_adapters.mutants.making import Mutant, Wrapper, broken, exchanged
from venueproof_contracts.adapter import AdapterFactory
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)
from venueproof_contracts.model import ZERO, Balance, Intent, Order, OrderRef, OrderStatus

Found = TypeVar("Found")


class OwnClock(ClockSync):
    """Stamps by the machine's clock, whatever the venue says."""

    def now_ns(self) -> int:
        return self._clock.wall_ns()


stamps_by_the_machine = exchanged(
    "TIM-010", "stamps-by-the-machines-clock", "Stamps requests by the machine's clock.", clock_sync=OwnClock
)


def _one_sample(clock: Clock) -> ClockSync:
    return ClockSync(clock, samples=1)


believes_one_sample = exchanged(
    "TIM-020", "believes-one-time-sample", "Sets its clock by a single answer of the venue.", clock_sync=_one_sample
)


@broken("TIM-030", "tells-milliseconds-for-nanoseconds")
class Milliseconds(Wrapper):
    """Tells the venue's time in another unit."""

    async def server_time(self) -> int:
        return await self.inner.server_time() // 1_000_000


@broken("AUT-010", "takes-a-refused-key-for-an-outage")
class RefusedKeyIsOutage(Wrapper):
    """Raises `VenueDown` when key or secret are refused, so that its caller tries again."""

    async def start(self) -> None:
        try:
            await self.inner.start()
        except AuthFailed as error:
            raise VenueDown(str(error)) from error

    async def balances(self) -> list[Balance]:
        try:
            return await self.inner.balances()
        except AuthFailed as error:
            raise VenueDown(str(error)) from error


@broken("AUT-010", "tries-a-refused-key-again")
class TriesRefusedKeyAgain(Wrapper):
    """Goes on asking by itself after key or secret were refused."""

    _asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            await self.inner.start()
        except AuthFailed:
            self._asking = asyncio.create_task(self._ask_again())
            raise

    async def _ask_again(self) -> None:
        while True:
            await asyncio.sleep(10)
            with suppress(AdapterError):
                await self.inner.start()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        await self.inner.close()


@broken("ERR-010", "forgets-the-reason")
class ForgetsReason(Wrapper):
    """Reports refusals for lack of money, size or precision for the same reason."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except Rejected as error:
            if intent.reduce_only or error.reason not in SIZE_REASONS:
                raise
            raise Rejected(Reason.OTHER, code=error.code, text=error.text) from error


SIZE_REASONS = {
    Reason.INSUFFICIENT_MARGIN,
    Reason.BELOW_MINIMUM,
    Reason.ABOVE_MAXIMUM,
    Reason.PRECISION,
}


@broken("ERR-020", "reads-nonsense-as-empty")
class NonsenseIsEmpty(Wrapper):
    """Answers that there are no open orders when the venue's answer could not be read."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        try:
            return await self.inner.open_orders(instrument)
        except BadAnswer:
            return []


class NonsenseIsRefusal(Http):
    """Takes an answer that is not JSON for a sign that nothing was done."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        try:
            msgspec.json.decode(reply.body)
        except msgspec.DecodeError:
            raise NotSent("the answer could not be read") from None
        return reply


takes_nonsense_for_refusal = exchanged(
    "ERR-040",
    "takes-nonsense-for-a-refusal",
    "Reports an order as not sent when its answer could not be read.",
    http=NonsenseIsRefusal,
)


@broken("ERR-050", "takes-an-outage-for-a-refused-key")
class OutageIsRefusedKey(Wrapper):
    """Raises `AuthFailed`, which stops its caller for good, while the venue is closed."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        try:
            return await self.inner.open_orders(instrument)
        except VenueDown as error:
            raise AuthFailed(str(error)) from error


class BanlessBudget(Budget):
    """Knows no bans."""

    def ban(self, until_ns: int) -> None:
        pass


sends_into_bans = exchanged("RAT-010", "sends-into-a-ban", "Goes on asking while it is banned.", budget=BanlessBudget)


class PauselessBudget(Budget):
    """Knows neither pauses nor what is left."""

    def pause(self, until_ns: int, names: Collection[str] = ()) -> None:
        pass

    def learn(self, headers: Mapping[str, str], names: Collection[str]) -> None:
        pass

    async def admit(self, costs: Mapping[str, int], *, urgent: bool = False) -> None:
        pass


def _stubborn(random: Random) -> Backoff:
    return Backoff(random, tries=10_000)


hammers_when_throttled = exchanged(
    "RAT-020",
    "hammers-when-throttled",
    "Sends a refused request again at once, as often as it takes.",
    budget=PauselessBudget,
    backoff=_stubborn,
)


def _wrapped(wrapper: type[Wrapper], factory: AdapterFactory) -> AdapterFactory:
    return lambda endpoint, credentials: wrapper(factory(endpoint, credentials))


class ClaimsThrottledOrder(Wrapper):
    """Tells an order as pending that was refused for being one too many."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except RateLimited:
            return _claimed(intent)


def _sent_once(random: Random) -> Backoff:
    return Backoff(random, tries=1)


def _claiming(factory: AdapterFactory) -> AdapterFactory:
    impatient = exchanged("RAT-020", "sends-once", "Never sends a refused request again by itself.", backoff=_sent_once)
    return _wrapped(ClaimsThrottledOrder, impatient.make(factory))


claims_a_throttled_order = Mutant(
    "RAT-020",
    "claims-a-throttled-order",
    "Tells an order as pending that was refused for being one too many.",
    _claiming,
)


class HastyResolver(Resolver):
    """Does not look what became of a request."""

    async def settle(self, look: Callable[[], Awaitable[Found | None]], sent_ns: int) -> Found | None:
        return None


takes_server_errors_for_refusals = exchanged(
    "UNK-020",
    "takes-server-errors-for-refusals",
    "Reports an order as not sent when the venue's answer does not say what became of it.",
    resolver=HastyResolver,
)


@broken("UNK-030", "claims-an-order-without-an-answer")
class ClaimsOrder(Wrapper):
    """Reports an order as pending when it does not know what became of it."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except (NotSent, OutcomeUnknown):
            return _claimed(intent)


def _claimed(intent: Intent) -> Order:
    """An order that the venue said nothing of."""
    return Order(
        ref=OrderRef(intent.instrument, intent.intent_id),
        side=intent.side,
        type=intent.type,
        status=OrderStatus.PENDING,
        amount=intent.amount,
        filled=ZERO,
        price=intent.price,
    )


@broken("AUT-020", "takes-a-restriction-for-an-outage")
class RestrictionIsOutage(Wrapper):
    """Reports a venue as down that serves this account no more."""

    async def balances(self) -> list[Balance]:
        try:
            return await self.inner.balances()
        except AuthFailed as error:
            raise VenueDown(str(error)) from error


class NoWindows(Budget):
    """Counts nothing."""

    def set_windows(self, windows: list[Window]) -> None:
        pass


counts_nothing = exchanged(
    "RAT-030", "counts-nothing", "Sends whatever is asked for, until the venue refuses it.", budget=NoWindows
)


def _once_and_for_all(clock: Clock) -> ClockSync:
    return ClockSync(clock, refresh_s=1e9)


reads_the_clock_once = exchanged(
    "TIM-040", "reads-the-clock-once", "Works out the venue's clock at its start alone.", clock_sync=_once_and_for_all
)


@broken("AUT-030", "gives-up-after-one-refusal")
class GivesUp(Wrapper):
    """Sends no order any more once one was refused for being more than a reduction, or turned away."""

    _given_up = False

    async def place(self, intent: Intent) -> Order:
        if self._given_up:
            raise NotSent("orders are refused here")
        try:
            return await self.inner.place(intent)
        except (Rejected, VenueDown) as error:
            opening = isinstance(error, Rejected) and error.reason is Reason.REDUCE_ONLY and not intent.reduce_only
            self._given_up = opening or isinstance(error, VenueDown)
            raise
