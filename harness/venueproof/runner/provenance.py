"""What was judged, and with what: versions, digests of source, and whether it was changed since its last commit."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import msgspec
from msgspec import Struct

from venueproof_contracts.clause import Clause

PRODUCT = "venueproof"
GIT_LIMIT_S = 10.0


class Source(Struct, frozen=True):
    """Where an adapter came from. `version` is empty when no installed distribution holds it."""

    version: str
    digest: str
    dirty: bool


def product_version() -> str:
    """The installed version of venueproof."""
    return version(PRODUCT)


@cache
def dependency_versions() -> dict[str, str]:
    """What venueproof itself runs on: a digest holds for one set of these."""
    names = sorted({_name_of(line) for line in requires(PRODUCT) or []})
    return {name: found for name in names if (found := _version(name))}


def _name_of(requirement: str) -> str:
    for index, char in enumerate(requirement):
        if not (char.isalnum() or char in "-_."):
            return requirement[:index]
    return requirement


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def suite_digest(clauses: tuple[Clause, ...]) -> str:
    """SHA-256 over what every clause says and the code that judges it."""
    folder = Path(import_module("venueproof_contracts.clauses").__file__ or "").parent
    sha = hashlib.sha256()
    for clause in clauses:
        sha.update(msgspec.json.encode([clause.id, clause.promise, clause.strength.value, clause.kind]))
    for path in sorted(folder.glob("*.py")):
        sha.update(path.read_bytes())
    return sha.hexdigest()


def source_of(target: str) -> Source:
    """The provenance of `module:factory`: of the whole top package that holds it."""
    top = target.partition(":")[0].partition(".")[0]
    root = _root_of(top)
    if root is None:
        return Source(version=_version_of(top), digest="", dirty=False)
    return Source(version=_version_of(top), digest=_digest_of(root), dirty=_dirty(root))


def _root_of(top: str) -> Path | None:
    module = import_module(top)
    if module.__file__ is not None:
        path = Path(module.__file__)
        return path.parent if path.name == "__init__.py" else path
    return next((Path(path) for path in module.__path__), None)


def _version_of(top: str) -> str:
    names = packages_distributions().get(top, [])
    return _version(names[0]) if names else ""


def _digest_of(root: Path) -> str:
    sha = hashlib.sha256()
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    for path in files:
        sha.update(str(path.relative_to(root.parent).as_posix()).encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def _dirty(root: Path) -> bool:
    """Whether git knows of changes there; False where there is no git or no repository."""
    command = ["git", "-C", str(root.parent), "status", "--porcelain", "--", root.name]
    try:
        found = subprocess.run(command, capture_output=True, timeout=GIT_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and bool(found.stdout.strip())
