"""Certificates of an authority of our own: for loopback, and for the venues' official hosts behind the proxy.

Keys live in memory, apart from the moment in which OpenSSL reads them. The authority's certificate can be written out
for clients that want a CA file.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme

LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


class Authority:
    """A certificate authority for one run. Close it (or leave its `with` block) to remove the file it wrote."""

    def __init__(self) -> None:
        """Make a fresh key."""
        self._ca = trustme.CA(organization_name="venueproof (local simulators only)")
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self._ca.cert_pem.bytes()

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A server's context for these hosts and addresses; loopback's when none is given."""
        names = names or LOOPBACK_NAMES
        context = self._contexts.get(names)
        if context is None:
            context = self._contexts[names] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf: Any = self._ca.issue_cert(*names)  # its own annotation names pyOpenSSL, which is not installed
            leaf.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and nobody else."""
        context = ssl.create_default_context(cadata=self.pem.decode())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def ca_file(self) -> Path:
        """The certificate as a file that only this user can read; it is gone after `close`."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="venueproof-ca-")
        path = Path(self._folder.name) / "ca.pem"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(self.pem)
        return path

    def close(self) -> None:
        """Remove what was written."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Authority:
        """The authority, closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was written."""
        self.close()
