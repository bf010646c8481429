"""Which models there are, without opening one: torch stays in the worker process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.contract.replies import ModelItem
from osc_server.contract.requests import RequestId
from osc_server.library.paths import confined
from osc_server.rendering.plan import EngineInfo

EMBEDDED = "embedded"
TONE = "tone"
_NETWORK_FILE = "state_dict.bin"
_TONE = re.compile(r"tone(:\d+(\.\d+)?)?")
_PUBLISHER = "facebook/"


@dataclass(frozen=True, slots=True)
class _Published:
    """What is known of a checkpoint before it is opened; from its model card, 0 = unknown."""

    rate_hz: int
    window_seconds: float
    licence: str = "CC-BY-NC-4.0"


_UNKNOWN = _Published(0, 0.0, "")
_PUBLISHED = {
    "magnet-small-10secs": _Published(32000, 10.0),
    "magnet-medium-10secs": _Published(32000, 10.0),
    "magnet-small-30secs": _Published(32000, 30.0),
    "magnet-medium-30secs": _Published(32000, 30.0),
    "audio-magnet-small": _Published(16000, 10.0),
    "audio-magnet-medium": _Published(16000, 10.0),
}


class ModelShelf:
    """The models that a client may name.

    A model's *spec* is what ``open_engine`` takes: ``embedded``, ``tone``, or a folder. Its *name*
    is what people call it: the spec, or the folder's name.
    """

    def __init__(self, models_folder: Path, embedded_folder: Path, own_model: str) -> None:
        """Look at nothing yet.

        Args:
            models_folder: where checkpoints lie, one folder each.
            embedded_folder: where the model that comes with the product lies.
            own_model: what the server's owner started it with; it may lie anywhere.
        """
        self._models_folder = models_folder
        self._embedded_folder = embedded_folder
        self.own_spec = self._own_spec(own_model)

    def spec(self, name: str) -> str:
        """The spec of a model that a client names.

        Raises:
            BadRequest: for a tone engine that is written wrongly.
            Forbidden: for a folder outside the models folder.
            ModelUnavailable: where there is no such model.
        """
        name = name.strip()
        if name == EMBEDDED:
            return EMBEDDED
        if name in (self.own_spec, _name_of(self.own_spec)):
            return self.own_spec
        if name.partition(":")[0] == TONE:
            if not _TONE.fullmatch(name):
                raise BadRequest(f"{name[:40]!r} is not a model: write tone, or tone:0.05")
            return name
        folder = confined(name.removeprefix(_PUBLISHER), [self._models_folder])
        if (folder / _NETWORK_FILE).is_file():
            return str(folder)
        guess = nearest(name, [EMBEDDED, *self._folders()])
        raise ModelUnavailable(
            f"no model {name[:80]!r} on this disk{guess}: put its folder, with {_NETWORK_FILE}, "
            f"into {self._models_folder}"
        )

    def items(
        self, request_id: RequestId, infos: Mapping[str, EngineInfo], loaded: str
    ) -> list[ModelItem]:
        """Every model; figures are exact for those that were loaded once, by spec in ``infos``."""
        specs = {EMBEDDED: EMBEDDED, _name_of(self.own_spec): self.own_spec, **self._folders()}
        specs = {**specs, **{name: "" for name in _PUBLISHED if name not in specs}}
        return [
            self._item(request_id, name, infos.get(spec), spec, bool(spec) and spec == loaded)
            for name, spec in specs.items()
        ]

    def _item(
        self, request_id: RequestId, name: str, info: EngineInfo | None, spec: str, loaded: bool
    ) -> ModelItem:
        known = _PUBLISHED.get(name, _UNKNOWN)
        return ModelItem(
            id=request_id,
            name=name,
            loaded=loaded,
            on_disk=bool(spec),
            licence=info.licence if info else known.licence,
            rate_hz=info.sample_rate_hz if info else known.rate_hz,
            window_seconds=(info.window_frames / info.frame_rate if info else known.window_seconds),
            takes_tempo=info.takes_tempo if info else name == EMBEDDED,
            size_bytes=_size_of(self._embedded_folder if spec == EMBEDDED else Path(spec or "?")),
        )

    def _own_spec(self, name: str) -> str:
        if name == EMBEDDED or name.partition(":")[0] == TONE:
            return name
        for folder in (Path(name), self._models_folder / name.removeprefix(_PUBLISHER)):
            if (folder / _NETWORK_FILE).is_file():
                return str(folder.resolve())
        return name  # the worker will say that there is none, and jobs may name others

    def _folders(self) -> dict[str, str]:
        """Spec by name of every checkpoint in the models folder."""
        found = sorted(self._models_folder.glob(f"*/{_NETWORK_FILE}"))
        return {path.parent.name: str(path.parent.resolve()) for path in found}


def _name_of(spec: str) -> str:
    return Path(spec).name if Path(spec).is_absolute() else spec


def _size_of(folder: Path) -> int:
    """Bytes of a model's files; 0 where there are none."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    except OSError:
        return 0
