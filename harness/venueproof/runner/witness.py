"""Stands between a clause and an adapter, and sees to it that an adapter's faults are known as such.

Whatever leaves the adapter that its contract does not allow (another exception, a value of another shape, a method that
is not async) becomes an `AdapterFault`. What remains is ours.
"""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Awaitable, Callable
from decimal import localcontext
from functools import cache
from typing import Any, NamedTuple, cast

from venueproof.usage import error_text
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Credentials, Endpoint

from .guard import as_adapter
from .places import place_in_adapter
from .shapes import misfit

METHODS: tuple[str, ...] = tuple(
    name for name, value in vars(Adapter).items() if not name.startswith("_") and inspect.isfunction(value)
)
"""The names of the protocol's methods."""

BACKGROUND = frozenset({"next_event"})
"""Methods that may wait for ever."""


class AdapterFault(Exception):
    """An adapter did what no adapter may do. The message is one line."""


class Hanging(NamedTuple):
    """A call into an adapter that had not come back when the program was stopped."""

    method: str
    seconds: float


class Calls:
    """The calls into an adapter that have not come back, and when each began."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """Read times from `now_ns`."""
        self._now_ns = now_ns
        self._pending: dict[int, tuple[str, int]] = {}
        self._cut: list[tuple[int, str, int]] = []
        self._count = 0

    def begin(self, name: str) -> int:
        """Note a call; returns its number."""
        self._count += 1
        self._pending[self._count] = (name, self._now_ns())
        return self._count

    def end(self, number: int, *, cut_off: bool) -> None:
        """The call came back, or it was cut off: everything is cancelled when a program is stopped."""
        name, since_ns = self._pending.pop(number)
        if cut_off and name not in BACKGROUND:
            self._cut.append((self._now_ns(), name, since_ns))

    def hanging(self) -> Hanging | None:
        """The oldest of the calls that were cut off last."""
        if not self._cut:
            return None
        last_ns = max(at_ns for at_ns, _, _ in self._cut)
        _, name, since_ns = min((one for one in self._cut if one[0] == last_ns), key=lambda one: one[2])
        return Hanging(name, (last_ns - since_ns) / 1e9)


class _Witness:
    """Answers to the protocol's names and to no other."""

    def __init__(self, adapter: object, calls: Calls) -> None:
        self._adapter = adapter
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in METHODS:
            raise AttributeError(name)

        async def call(*args: object, **kwargs: object) -> object:
            return await self._call(name, args, kwargs)

        return call

    async def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        number = self._calls.begin(name)
        came_back = False
        try:
            # Decimals round as the context says, and an adapter may change its own (ccxt does), never ours.
            with as_adapter(), localcontext():
                value = await _awaited(name, getattr(self._adapter, name)(*args, **kwargs))
            came_back = True
        except AdapterFault:
            came_back = True
            raise
        except AdapterError as error:
            came_back = True
            _must_have_text(name, error)
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            came_back = True
            raise AdapterFault(f"{name}() raised CancelledError, and nobody had cancelled it") from error
        except (Exception, SystemExit) as error:
            came_back = True
            raise AdapterFault(f"{name}() raised {described(error)}") from error
        finally:
            self._calls.end(number, cut_off=not came_back)
        if text := misfit(value, _return_type(name)):
            raise AdapterFault(f"{name}() returned a wrong value: result{text}")
        return value


def _must_have_text(name: str, error: AdapterError) -> None:
    """Clauses print what was raised: where the adapter's own class cannot be printed that is no fault of ours."""
    try:
        str(error)
    except Exception:
        raise AdapterFault(f"{name}() raised {described(error)}") from error


def _is_cancelled() -> bool:
    """True when the cancellation comes from outside the call: the clause or the runner gave it up."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _awaited(name: str, result: object) -> object:
    if not inspect.isawaitable(result):
        raise AdapterFault(f"{name}() is not async: it returned {type(result).__name__}")
    return await result


def watched(adapter: object, calls: Calls) -> Adapter:
    """The adapter with its faults marked."""
    return cast("Adapter", _Witness(adapter, calls))


def made_by(factory: AdapterFactory, endpoint: Endpoint, credentials: Credentials) -> Adapter:
    """What a factory makes. It may change the decimal context as any other call may: its own and never ours."""
    with as_adapter(), localcontext():
        return factory(endpoint, credentials)


def described(error: BaseException) -> str:
    """Kind, text and place in the adapter's code of what no adapter may raise, on one line."""
    return f"{type(error).__name__}: {error_text(error)}{place_in_adapter(error)}"


def missing_methods(adapter: object) -> list[str]:
    """The protocol's methods that an object does not have."""
    return [name for name in METHODS if not callable(getattr(adapter, name, None))]


@cache
def _return_type(name: str) -> Any:
    return typing.get_type_hints(getattr(Adapter, name))["return"]
