"""Which models there are, without opening one: torch stays in the worker process."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from osc_server.contract.addresses import nearest
from osc_server.contract.errors import BadRequest, ModelUnavailable
from osc_server.contract.replies import ModelItem
from osc_server.contract.requests import RequestId
from osc_server.library.catalogue import PUBLISHED, Published, short_name
from osc_server.library.figures import Figures, memory_bytes, part_weights, read_figures
from osc_server.library.paths import confined
from osc_server.magnet.headers import CODEC_FILE, NETWORK_FILE
from osc_server.magnet.pretrained import find_folder
from osc_server.rendering.plan import EngineInfo

EMBEDDED = "embedded"
TONE = "tone"
_TONE = re.compile(r"tone(:\d+(\.\d+)?)?")
_TONE_BYTES = 100_000_000
_PUBLISHER = "facebook/"
_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a model folder: its figures, or why it has none."""

    figures: Figures | None
    problem: str = ""


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
        self._embedded_folder = embedded_folder
        self._seen: dict[Path, tuple[_Stamp, _Found]] = {}
        self.models_folder = models_folder
        self.own_spec = self._own_spec(own_model)

    def spec(self, name: str) -> str:
        """The spec of a model that a client names.

        Raises:
            BadRequest: for a tone engine that is written wrongly.
            Forbidden: for a folder outside the models folder.
            ModelUnavailable: where there is no such model, with the command that gets it.
        """
        name = name.strip()
        if name == EMBEDDED:
            return EMBEDDED
        if name in (self.own_spec, name_of(self.own_spec)):
            return self.own_spec
        if name.partition(":")[0] == TONE:
            if not _TONE.fullmatch(name):
                raise BadRequest(f"{name[:40]!r} is not a model: write tone, or tone:0.05")
            return name
        folder = confined(name.removeprefix(_PUBLISHER), [self.models_folder])
        if (folder / NETWORK_FILE).is_file():
            return str(folder)
        if short_name(name) in PUBLISHED:
            raise ModelUnavailable(f"{name} is not on this disk: {fetch_command(name)} gets it")
        guess = nearest(name, [EMBEDDED, *self.folders(), *PUBLISHED])
        raise ModelUnavailable(
            f"no model {name[:80]!r} on this disk{guess}: put its folder, with {NETWORK_FILE} and "
            f"{CODEC_FILE}, into {self.models_folder}"
        )

    def need_bytes(self, spec: str, device: str) -> int:
        """What a model takes when it is loaded, estimated; for a damaged one as little as any."""
        if spec.partition(":")[0] == TONE:
            return _TONE_BYTES
        found = self._found(self._folder_of(spec))
        if found.figures is None:
            return memory_bytes(0, 0, device)
        figures, parts = found.figures, found.figures.codec_weights
        for name in (figures.text_encoder, figures.codec):
            if name:
                parts += part_weights(name, find_folder(name, self.models_folder))
        return memory_bytes(figures.n_weights, parts, device)

    def missing(self, spec: str) -> str:
        """What a model on disk lacks, and how to get it; empty where it is complete."""
        if spec.partition(":")[0] == TONE:
            return ""
        folder = self._folder_of(spec)
        if not (folder / NETWORK_FILE).is_file():
            return _absent(name_of(spec))
        found = self._found(folder)
        if found.figures is None:
            return found.problem
        lacking = self.lacking(found.figures)
        if not lacking:
            return ""
        return f"{' and '.join(lacking)}: {fetch_command(name_of(spec))}"

    def lacking(self, figures: Figures) -> list[str]:
        """Names of what a model needs and what is not in the models folder."""
        names = [name for name in (figures.text_encoder, figures.codec) if name]
        return [name for name in names if find_folder(name, self.models_folder) is None]

    def items(
        self,
        request_id: RequestId,
        infos: Mapping[str, EngineInfo],
        loaded: Collection[str],
        device: str,
    ) -> list[ModelItem]:
        """Every model, those of this disk first.

        Args:
            request_id: that the items answer.
            infos: what models said of themselves when they were loaded, by spec.
            loaded: specs of those in memory.
            device: what models compute on: ``cpu``, ``cuda`` or ``mps``.
        """
        specs = {EMBEDDED: EMBEDDED, name_of(self.own_spec): self.own_spec, **self.folders()}
        here = [
            replace(
                self._item(request_id, name, spec, infos.get(spec)),
                loaded=spec in loaded,
                memory_bytes=self.need_bytes(spec, device),
            )
            for name, spec in specs.items()
        ]
        others = [model for name, model in PUBLISHED.items() if name not in specs]
        return here + [_published_item(request_id, model, device) for model in others]

    def folders(self) -> dict[str, str]:
        """Spec by name of every checkpoint in the models folder."""
        found = sorted(self.models_folder.glob(f"*/{NETWORK_FILE}"))
        return {path.parent.name: str(path.parent.resolve()) for path in found}

    def _item(
        self, request_id: RequestId, name: str, spec: str, info: EngineInfo | None
    ) -> ModelItem:
        folder = self._folder_of(spec)
        figures = None if spec.partition(":")[0] == TONE else self._found(folder).figures
        missing = self.missing(spec)
        published = PUBLISHED.get(name)
        licence = figures.licence if figures else ""
        return ModelItem(
            id=request_id,
            name=name,
            loaded=False,
            on_disk=not missing,
            licence=info.licence if info else licence or (published.licence if published else ""),
            rate_hz=info.sample_rate_hz if info else figures.rate_hz if figures else 0,
            window_seconds=_window_of(info, figures),
            takes_tempo=info.takes_tempo if info else bool(figures and figures.takes_tempo),
            size_bytes=_size_of(folder),
            missing=missing,
        )

    def _found(self, folder: Path) -> _Found:
        """The figures of a folder, read again when its files have changed."""
        stamp = _stamp_of(folder)
        known = self._seen.get(folder)
        if known is None or known[0] != stamp:
            try:
                found = _Found(read_figures(folder))
            except ModelUnavailable as error:
                found = _Found(None, str(error))
            known = self._seen[folder] = (stamp, found)
        return known[1]

    def _folder_of(self, spec: str) -> Path:
        if spec == EMBEDDED:
            return self._embedded_folder
        # The owner's own model may be a name that is still to be fetched.
        return Path(spec) if Path(spec).is_absolute() else self.models_folder / short_name(spec)

    def _own_spec(self, name: str) -> str:
        if name == EMBEDDED or name.partition(":")[0] == TONE:
            return name
        for folder in (Path(name), self.models_folder / name.removeprefix(_PUBLISHER)):
            if (folder / NETWORK_FILE).is_file():
                return str(folder.resolve())
        return name  # the worker will say that there is none, and jobs may name others


def _absent(name: str) -> str:
    return f"not on this disk: {fetch_command(name)}"


def name_of(spec: str) -> str:
    """What people call a model."""
    return Path(spec).name if Path(spec).is_absolute() else spec


def fetch_command(name: str) -> str:
    """The one command that gets a model and all that it needs."""
    return f"`magnet-bridge models fetch {name.removeprefix(_PUBLISHER)}`"


def _published_item(request_id: RequestId, model: Published, device: str) -> ModelItem:
    parts = model.codec_weights + part_weights(model.text_encoder, None)
    return ModelItem(
        id=request_id,
        name=model.name,
        loaded=False,
        on_disk=False,
        licence=model.licence,
        rate_hz=model.rate_hz,
        window_seconds=model.window_seconds,
        takes_tempo=False,
        size_bytes=model.size_bytes,
        memory_bytes=memory_bytes(model.n_weights, parts, device),
        missing=_absent(model.name),
    )


def _window_of(info: EngineInfo | None, figures: Figures | None) -> float:
    if info is not None:
        return info.window_frames / info.frame_rate
    return figures.window_seconds if figures is not None else 0.0


def _stamp_of(folder: Path) -> _Stamp:
    stamp = []
    for name in (NETWORK_FILE, CODEC_FILE):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        stamp.append((status.st_mtime_ns, status.st_size))
    return tuple(stamp)


def _size_of(folder: Path) -> int:
    """Bytes of a model's files; 0 where there are none."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    except OSError:
        return 0
