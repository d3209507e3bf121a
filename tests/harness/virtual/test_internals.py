"""A Python or a time-machine that has changed is noticed when a loop is made, in one line."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from venueproof import virtual
from venueproof.virtual import clock
from venueproof.virtual.asyncio_internals import InstrumentedLoop, check_internals
from venueproof.virtual.errors import InternalsChanged
from venueproof.virtual.loop import VirtualLoop


@pytest.fixture(autouse=True)
def _checks_forgotten() -> Iterator[None]:
    check_internals.cache_clear()
    clock._check_time_machine.cache_clear()  # pyright: ignore[reportPrivateUsage]
    yield
    check_internals.cache_clear()
    clock._check_time_machine.cache_clear()  # pyright: ignore[reportPrivateUsage]


def _assert_refused(words: str) -> None:
    with pytest.raises(InternalsChanged, match=words) as caught:
        VirtualLoop()
    assert "\n" not in str(caught.value)


def test_a_lost_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = next(base for base in asyncio.SelectorEventLoop.__mro__ if "_start_serving" in vars(base))
    monkeypatch.delattr(owner, "_start_serving")
    _assert_refused(r"Python 3\.\d+\.\d+.* has changed: SelectorEventLoop\._start_serving is gone")


def test_a_changed_signature_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def _start_serving(self: object, sock: object, protocol_factory: object) -> None: ...

    monkeypatch.setattr(asyncio.SelectorEventLoop, "_start_serving", _start_serving, raising=False)
    _assert_refused(r"_start_serving takes \['self', 'sock', 'protocol_factory'\], expected")


def test_a_renamed_attribute_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def next_due(self: InstrumentedLoop) -> float:
        raise KeyError("_scheduled")

    monkeypatch.setattr(InstrumentedLoop, "next_due", next_due)
    _assert_refused(r"a private attribute could not be read \(KeyError: '_scheduled'\)")


def test_a_loop_that_waits_for_cancelled_timers_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def call_at(self: Any, when: float, callback: Any, *args: Any) -> Any:
        return inherited(self, 5.0, callback, *args)

    inherited: Any = asyncio.SelectorEventLoop.call_at
    monkeypatch.setattr(asyncio.SelectorEventLoop, "call_at", call_at, raising=False)
    _assert_refused(r"a loop with one timer at 7 s waited .* and saw timers at \[5\.0\]")


def test_a_time_machine_that_cannot_be_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> None: ...

    class Unbindable(time_machine.Traveller):
        def __setattr__(self, name: str, value: object) -> None:
            if name != "time_ns":
                super().__setattr__(name, value)

    monkeypatch.setattr(time_machine, "Traveller", Unbindable)
    with pytest.raises(InternalsChanged, match="time-machine no longer asks its traveller"):
        virtual.run(nothing())


def test_this_python_passes_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    VirtualLoop().close()
    monkeypatch.setattr(selectors, "DefaultSelector", None)  # a second probe would fail
    check_internals()
