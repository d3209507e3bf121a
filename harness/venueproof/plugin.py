"""The pytest plugin: collects subclasses of `venueproof.Contract`, and runs marked coroutine tests in virtual time.

It is loaded in every pytest run of a user, so it imports nothing of ours before it is needed, and acts on nothing else.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from venueproof.contract_class import Contract
    from venueproof.plugin_items import ContractClass

MARKER = "venueproof"
_CONTRACT_MODULE = "venueproof.contract_class"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(**options): run this coroutine test in virtual time (venueproof.run)")


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> ContractClass | None:
    """Collect a subclass of `Contract` that names its venue. Others, and bases that name none, are not ours."""
    contract: type | None = getattr(sys.modules.get(_CONTRACT_MODULE), "Contract", None)
    if contract is None or not inspect.isclass(obj) or not issubclass(obj, contract) or obj is contract:
        return None
    if not obj.venue:  # type: ignore[attr-defined]  # a subclass of Contract, which is not imported here
        return None
    from venueproof.plugin_items import ContractClass

    return ContractClass.under(collector, name, cast("type[Contract]", obj))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Report a case that could not be judged as an error and not as a failure, also in JUnit files."""
    report = yield
    if call.excinfo is not None and getattr(call.excinfo.value, "harness_broke", False):
        report.when = "setup"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a marked coroutine test in virtual time."""
    marker = pyfuncitem.get_closest_marker(MARKER)
    if marker is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from venueproof.virtual import run

    names = inspect.signature(pyfuncitem.obj).parameters
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    run(pyfuncitem.obj(**arguments), **marker.kwargs)
    return True
