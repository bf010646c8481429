"""A host that something of ours can be put into, and where this computer keeps its things."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Places:
    """What a host's folders are made from.

    Attributes:
        home: the musician's own folder.
        system: ``Darwin``, ``Windows`` or ``Linux``.
        environment: the variables of the environment.
        own_documents: where documents are, if not in ``Documents``: on Windows they may be in
            OneDrive, on Linux they may have a name in another language.
    """

    home: Path
    system: str
    environment: Mapping[str, str]
    own_documents: Path | None = None

    @classmethod
    def of_this_computer(cls) -> Places:
        """Where things are here."""
        documents = platformdirs.user_documents_path()
        return cls(Path.home(), platform.system(), dict(os.environ), documents)

    @property
    def documents(self) -> Path:
        """The folder of documents."""
        return self.own_documents or self.home / "Documents"

    def named(self, variable: str, otherwise: str) -> Path:
        """The folder that a variable names, such as ``APPDATA``; else one in the home folder."""
        value = self.environment.get(variable, "")
        return Path(value) if value else self.home / otherwise

    @property
    def application_data(self) -> Path:
        """Where programs keep their settings and extensions."""
        if self.system == "Darwin":
            return self.home / "Library" / "Application Support"
        if self.system == "Windows":
            return self.named("APPDATA", "AppData/Roaming")
        return self.named("XDG_CONFIG_HOME", ".config")


@dataclass(frozen=True, slots=True)
class Host:
    """One host: what goes into it, and where to.

    Attributes:
        name: as it is typed, such as ``ableton``.
        title: as its maker writes it.
        source: the folder under ``daw_bridge/integrations`` that holds what is installed.
        files: pairs of a path in the source and a path under the host's folder; a folder stands
            for all that is in it, ``.`` for the source itself.
        folders: gives the folders where the host looks, the surest first.
        advice: what to do in the host afterwards.
        makes_folder: whether the first of the folders may be made where there is none of them,
            because the host looks there even if it did not make it itself.
        written: pairs of a path under the host's folder and what makes the file's text, for what
            is known on this computer only.
        build: for what has to be built here first: from the source folder, the content of further
            files by their paths under the host's folder.
    """

    name: str
    title: str
    source: str
    files: tuple[tuple[str, str], ...]
    folders: Callable[[Places], tuple[Path, ...]]
    advice: str
    makes_folder: bool = False
    written: tuple[tuple[str, Callable[[], str]], ...] = ()
    build: Callable[[Path, Places], Mapping[str, bytes]] | None = None
