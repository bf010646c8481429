"""Presets: sounds with a name, one TOML file each, that fill in what a request leaves open.

A preset may hold any name of ``/magnet/generate`` (but for what belongs to one call: preset, lane,
delivery and deadline), and a description. The protocol's own table checks them, so a value that is
fine on the wire is fine in a preset, and the sentence for a wrong one is the same, with file and
line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osc_server.contract.addresses import nearest
from osc_server.contract.clip_names import GENERATE, LENGTHS
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.packets import OscValue
from osc_server.contract.parameters import Parameter, read_value
from osc_server.contract.parsing import parse_generate
from osc_server.contract.requests import GenerateClip
from osc_server.toml_lines import line_of

_OF_ONE_CALL = ("preset", "lane", "delivery", "deadline", "from_bar", "to_bar")
_NAME = Parameter("name", "word", "how requests call it: the file's own name")
_DESCRIPTION = Parameter("description", "text", "what it is for")
_FIELDS = {
    parameter.name: parameter
    for parameter in (_NAME, _DESCRIPTION, *GENERATE)
    if parameter.name not in _OF_ONE_CALL
}
_HINTS = ("hint", "hint_seconds")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")


@dataclass(frozen=True, slots=True)
class Preset:
    """A sound with a name.

    Attributes:
        name: how requests call it.
        description: what it is for, one line.
        request: its values as a request; ``request.given`` names those that it sets.
    """

    name: str
    description: str
    request: GenerateClip

    def applied_to(self, request: GenerateClip) -> GenerateClip:
        """The request with every name filled in that its sender did not give."""
        names = self.request.given - request.given
        for only_one in (LENGTHS, _HINTS):
            if not request.given.isdisjoint(only_one):
                names -= set(only_one)
        changes: dict[str, Any] = {}
        decoding: dict[str, Any] = {}
        for parameter in GENERATE:
            if parameter.name in names:
                group, _, attribute = (parameter.attribute or parameter.name).rpartition(".")
                if group == "decoding":
                    decoding[attribute] = getattr(self.request.decoding, attribute)
                else:
                    changes[group or attribute] = getattr(self.request, group or attribute)
        return replace(
            request,
            **changes,
            decoding=replace(request.decoding, **decoding),
            given=request.given | names,
        )


class PresetShelf:
    """The presets of some folders; an earlier folder hides a later one's file of the same name.

    Files are read when they are asked for, so that an edited preset counts at once.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        """Args: ``folders``, the user's own first; one that does not exist holds nothing."""
        self._folders = tuple(folders)

    def get(self, name: str) -> Preset:
        """One preset.

        Raises:
            BadRequest: where there is none of this name (naming the nearest), or its file is wrong
                (naming file, line and field).
        """
        paths = self._paths()
        if name not in paths:
            raise BadRequest(
                f"no preset {name[:80]!r}{nearest(name, paths)}: /magnet/preset/list names them all"
            )
        return read_preset(paths[name])

    def all(self) -> tuple[list[Preset], list[str]]:
        """Every good preset by name, and a sentence for each file that is wrong."""
        presets, problems = [], []
        for _, path in sorted(self._paths().items()):
            try:
                presets.append(read_preset(path))
            except (BadRequest, StorageFailed) as error:
                problems.append(str(error))
        return presets, problems

    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            found.update(
                {
                    path.stem: path
                    for path in folder.glob("*.toml")
                    if not path.name.endswith(".midi.toml")  # maps of controllers: the bridge's
                }
            )
        return found


def read_preset(path: Path) -> Preset:
    """Read and check one file.

    Raises:
        BadRequest: naming file, line and field of what is wrong.
        StorageFailed: where it cannot be read.
    """
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"preset {path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"preset {path} cannot be read: {error}") from error
    for name, value in content.items():
        _check(name, value, f"preset {path}, line {line_of(name, text)}")
    name, description = content.pop("name", path.stem), content.pop("description", "")
    if name != path.stem or not _FILE_NAME.fullmatch(path.stem):
        raise BadRequest(
            f"preset {path}, line {line_of('name', text)}: name must be the file's own name, "
            f"{path.stem!r}, of letters, digits, spaces, - and _"
        )
    return Preset(path.stem, str(description), _request(content, path))


def _request(values: dict[str, Any], path: Path) -> GenerateClip:
    args: list[OscValue] = [0]
    for name, value in {"prompt": "", **values}.items():
        args += [name, *(value if isinstance(value, list) else [value])]
    try:
        request = parse_generate(args)
    except BadRequest as error:
        raise BadRequest(f"preset {path}: {error}") from error
    return replace(request, given=frozenset(values))


def _check(name: str, value: Any, where: str) -> None:  # noqa: ANN401 - whatever TOML holds
    if name not in _FIELDS:
        raise BadRequest(f"{where}: unknown field {name!r}{nearest(name, _FIELDS)}")
    try:
        read_value(_FIELDS[name], value if isinstance(value, list) else [value])
    except (BadRequest, ValueError) as error:  # an empty list, or one where a value belongs
        sentence = str(error) if isinstance(error, BadRequest) else "takes one value, not a list"
        raise BadRequest(f"{where}, {name}: {sentence}") from error
