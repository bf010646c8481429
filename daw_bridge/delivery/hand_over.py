"""A folder that a host without sockets shares with the bridge: orders in, clips out.

Each file is written whole under another name first, and has one writer:

=====================  ======  =================================================
``host.txt``           host    changes while the host lives
``bye.txt``            host    the host needs the bridge no more
``order-ID.txt``       host    what is asked
``cancel-ID.txt``      host    stop it
``landed-ID.txt``      host    where its clips are, or why they could not be put there
``bridge.txt``         bridge  changes while the bridge lives; what it does
``job-ID.txt``         bridge  how far the order is, then its clips or what went wrong
=====================  ======  =================================================
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from daw_bridge.delivery.folder_sink import write_bytes
from daw_bridge.delivery.lines import from_lines, to_lines
from osc_server.contract.errors import BadRequest, StorageFailed

_ORDER = re.compile(r"order-([A-Za-z0-9-]{1,64})\.txt")


class HandOver:
    """The bridge's side of the folder.

    Args:
        folder: made by the host.

    Raises:
        BadRequest: where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BadRequest(f"{folder} is no folder: the script in the host makes it and names it")
        self._folder = folder
        self._told: dict[str, Mapping[str, object]] = {}

    def orders(self) -> list[str]:
        """The ids of all orders, the oldest first; none where the folder is gone."""
        with suppress(OSError):
            found = [_ORDER.fullmatch(name) for name in os.listdir(self._folder)]
            return sorted((match[1] for match in found if match), key=_as_counted)
        return []

    def order(self, order_id: str) -> dict[str, str]:
        """What is asked.

        Raises:
            BadRequest: where the file is damaged.
        """
        return self._read(f"order-{order_id}.txt") or {}

    def cancelled(self, order_id: str) -> bool:
        """Whether the host wants it no more."""
        return (self._folder / f"cancel-{order_id}.txt").exists()

    def landed(self, order_id: str) -> dict[str, str] | None:
        """What the host said about its clips; None as long as it said nothing.

        Raises:
            BadRequest: where the file is damaged.
        """
        return self._read(f"landed-{order_id}.txt")

    def job(self, order_id: str) -> dict[str, str]:
        """What the host was told last, by this bridge or one before it."""
        with suppress(BadRequest):
            return self._read(f"job-{order_id}.txt") or {}
        return {}

    def tell_job(self, order_id: str, values: Mapping[str, object]) -> None:
        """Say how far an order is. A file that cannot be written now is written at the next news.

        It may be open in the host at this very moment, which Windows does not forgive.
        """
        self._tell(f"job-{order_id}.txt", values)

    def tell_bridge(self, values: Mapping[str, object]) -> None:
        """Say what the bridge does."""
        self._tell("bridge.txt", values)

    def bridge(self) -> dict[str, str]:
        """What stands in the bridge's own file: another bridge may have written it."""
        with suppress(BadRequest):
            return self._read("bridge.txt") or {}
        return {}

    def sign_of_life(self) -> bytes | None:
        """What the host writes anew every other second; None where it has said good-bye."""
        if not self._folder.is_dir() or (self._folder / "bye.txt").exists():
            return None
        try:
            return (self._folder / "host.txt").read_bytes()
        except OSError:
            return b""

    def again(self) -> None:
        """Write what could not be written before."""
        for name, values in list(self._told.items()):
            self._tell(name, values)

    def remove(self) -> None:
        """Take the folder and our kind of files in it away; what else lies there stays."""
        with suppress(OSError):
            for path in self._folder.glob("*.txt"):
                path.unlink(missing_ok=True)
            self._folder.rmdir()

    def _read(self, name: str) -> dict[str, str] | None:
        try:
            return from_lines((self._folder / name).read_bytes())
        except OSError:
            return None

    def _tell(self, name: str, values: Mapping[str, object]) -> None:
        self._told[name] = values
        if not self._folder.is_dir():
            return  # the host took it away: there is nobody to tell
        with suppress(StorageFailed):
            write_bytes(self._folder / name, to_lines(values))
            del self._told[name]


def _as_counted(order_id: str) -> list[int]:
    """``9`` comes before ``10``."""
    return [int(part) for part in re.findall(r"\d+", order_id)]
