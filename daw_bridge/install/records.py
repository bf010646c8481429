"""What was installed where, kept so that it can be updated and taken away again exactly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from daw_bridge.delivery.folder_sink import write_bytes
from osc_server.contract.errors import StorageFailed


@dataclass(frozen=True, slots=True)
class Installed:
    """What was put into one folder of a host.

    Attributes:
        folder: of the host.
        version: of the product that put it there.
        files: paths under the folder, with slashes, and the sha256 of what was put there.
        made: the folders that were made for it, the outermost first.
    """

    folder: Path
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    made: tuple[str, ...] = ()

    def state_of(self, name: str) -> str:
        """``ours``, ``changed`` since it was put there, or ``gone``."""
        path = self.folder / name
        if not path.is_file():
            return "gone"
        return "ours" if sha256(path.read_bytes()) == self.files[name] else "changed"


class Records:
    """One file a host, in the product's own data folder.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, host: str) -> list[Installed]:
        """What is installed into a host, one entry a folder.

        Raises:
            StorageFailed: where the record cannot be read.
        """
        path = self._path(host)
        try:
            entries = json.loads(path.read_text("utf-8"))
            return [
                Installed(
                    Path(entry["folder"]), entry["version"], entry["files"], tuple(entry["made"])
                )
                for entry in entries
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageFailed(
                f"{path}, which says what was installed, cannot be read ({error}): remove it, and "
                f"run magnet-bridge install {host} again"
            ) from error

    def keep(self, host: str, installed: Installed) -> None:
        """Write down what a folder holds now; nothing in it takes the folder off the record.

        Raises:
            StorageFailed: where it cannot be written.
        """
        entries = [entry for entry in self.of(host) if entry.folder != installed.folder]
        if installed.files:
            entries.append(installed)
        if not entries:
            self._path(host).unlink(missing_ok=True)
            return
        content = [asdict(entry) | {"folder": str(entry.folder)} for entry in entries]
        write_bytes(self._path(host), json.dumps(content, indent=2).encode())

    def _path(self, host: str) -> Path:
        return self._folder / f"{host}.json"


def sha256(content: bytes) -> str:
    """The fingerprint of a file's content."""
    return hashlib.sha256(content).hexdigest()
