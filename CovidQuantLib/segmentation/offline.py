"""No network call, ever, unless the user asks for one: a guard around packages that would make one by themselves."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

_LOOPBACK = {"127.0.0.1", "::1", "localhost", None, ""}


class NetworkRefused(OSError):  # noqa: N818 - it says what happened, and packages expect an OSError here
    """Raised inside a package that tried to reach the network."""


@dataclass
class NetworkGuard:
    """What the guard saw: `refused` is whether anything tried to reach the network."""

    refused: bool = False


@contextlib.contextmanager
def no_network() -> Iterator[NetworkGuard]:
    """Refuse every connection and name look-up of this process except loopback, until the block ends.

    It holds for all threads, so a process that shows a screen of its own runs this in a worker.
    """
    guard = NetworkGuard()

    def refuse(*_: object) -> None:
        guard.refused = True
        raise NetworkRefused("CovidQuant allows no network call here")

    with (
        mock.patch.object(socket.socket, "connect", _unless_local(socket.socket.connect, refuse)),
        mock.patch.object(socket.socket, "connect_ex", _unless_local(socket.socket.connect_ex, refuse)),
        mock.patch.object(socket, "getaddrinfo", _look_up(socket.getaddrinfo, refuse)),
    ):
        yield guard


def _unless_local(connect: Callable[..., Any], refuse: Callable[..., None]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOOPBACK:
            refuse()
        return connect(self, address)

    return guarded


def _look_up(getaddrinfo: Callable[..., Any], refuse: Callable[..., None]) -> Callable[..., Any]:
    def guarded(host: Any, *others: Any, **options: Any) -> Any:
        if host not in _LOOPBACK:
            refuse()
        return getaddrinfo(host, *others, **options)

    return guarded
