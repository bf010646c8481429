"""Fetching a model: its own files, then all that they name, checked, and in place at the end."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from osc_server.contract.addresses import nearest
from osc_server.contract.errors import ModelUnavailable, StorageFailed
from osc_server.contract.replies import ModelFetched, ModelFetching, ModelLicence
from osc_server.contract.requests import FetchModel
from osc_server.library.catalogue import LICENCE_SENTENCES, PARTS, PUBLISHED, short_name
from osc_server.library.figures import read_figures
from osc_server.library.hub import Hub, HubFile, Repository
from osc_server.library.models import ModelShelf
from osc_server.magnet.headers import CODEC_FILE, NETWORK_FILE

Tell = Callable[[ModelLicence | ModelFetching], None]
STAGING_FOLDER = ".fetching"
SAID_FILE = ".licences-said"
_REPOSITORY = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_SPARE_BYTES = 200 << 20
_CONFIG_FILE = "config.json"
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_SMALL_FILES = (
    _CONFIG_FILE, "generation_config.json", "preprocessor_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "spiece.model",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A repository's files that are wanted, and the folder that they go to."""

    repository: Repository
    files: tuple[HubFile, ...]
    folder: Path
    staging: Path

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


class Fetcher:
    """Fetches models into the models folder, one at a time. Everything blocks."""

    def __init__(
        self, shelf: ModelShelf, hub: Hub, monotonic: Callable[[], float], *, offline: bool
    ) -> None:
        """Ask for nothing yet.

        Args:
            shelf: the models that are here.
            hub: where the others are.
            monotonic: a clock, for the time that is left.
            offline: ask for nothing at all.
        """
        self._shelf = shelf
        self._hub = hub
        self._monotonic = monotonic
        self._offline = offline
        self._one_at_a_time = threading.Lock()

    def fetch(self, request: FetchModel, tell: Tell, stop: threading.Event) -> ModelFetched:
        """Bring a model, and all that it needs, onto the disk.

        Args:
            request: names the model: an official one, a text encoder or codec, ``owner/name`` on
                the hub, or a folder of the models folder that lacks something.
            tell: told the licence, once for each kind, and how far it is.
            stop: set it to stop; what is here stays for the next time.

        Raises:
            ModelUnavailable: there is no such model, or no way to it.
            StorageFailed: the disk has too little room.
            Cancelled: where ``stop`` was set.
        """
        name = request.model.strip()
        with self._one_at_a_time:
            wanted = self._lacking(name)
            progress = _Progress(request, short_name(name), tell, self._monotonic)
            while wanted:
                if self._offline:
                    raise ModelUnavailable(
                        f"this server never asks the network (--offline): {' and '.join(wanted)} "
                        "must be fetched by one that may, into its models folder"
                    )
                parcels = [self._parcel(what, stop) for what in wanted]
                self._say_licences(request, parcels, tell)
                self._check_room(parcels)
                progress.expect(sum(parcel.size_bytes for parcel in parcels))
                for parcel in parcels:
                    self._bring(parcel, progress, stop)
                before, wanted = wanted, self._lacking(name)  # what it needs is known only now
                if wanted == before:
                    raise ModelUnavailable(f"{' and '.join(wanted)} came, but cannot be used")
            progress.end()
        return ModelFetched(request.id, short_name(name))

    def _lacking(self, name: str) -> list[str]:
        """Names of all that is to be fetched, as far as it is known yet."""
        short = short_name(name)
        folder = self._shelf.models_folder / short
        if (folder / NETWORK_FILE).is_file() and (folder / CODEC_FILE).is_file():
            return self._shelf.lacking(read_figures(folder))
        if (folder / _CONFIG_FILE).is_file() and short not in PUBLISHED:
            return []
        if short in PUBLISHED:
            text_encoder = PUBLISHED[short].text_encoder
            has_encoder = (self._shelf.models_folder / text_encoder / _CONFIG_FILE).is_file()
            return [short] if has_encoder else [short, text_encoder]
        if short in PARTS or _REPOSITORY.fullmatch(name):
            return [name]
        guess = nearest(name, [*PUBLISHED, *PARTS])
        raise ModelUnavailable(
            f"no model {name[:80]!r} is known{guess}: name an official one, or owner/name of one "
            "on the hub"
        )

    def _parcel(self, name: str, stop: threading.Event) -> _Parcel:
        short = short_name(name)
        known = PUBLISHED.get(short) or PARTS.get(short)
        repository = self._hub.describe(known.repository if known else name, stop)
        is_part = short in PARTS or NETWORK_FILE not in repository.files
        names = _part_files(repository) if is_part else [CODEC_FILE, NETWORK_FILE]
        absent = [file for file in names if file not in repository.files]
        if absent or not names:
            raise ModelUnavailable(
                f"{repository.name} has no {' and no '.join(absent) or NETWORK_FILE}: it is not a "
                "model in the format of MAGNeT"
            )
        models = self._shelf.models_folder
        return _Parcel(
            repository,
            tuple(repository.files[file] for file in names),
            models / short,
            models / STAGING_FOLDER / short,
        )

    def _say_licences(self, request: FetchModel, parcels: Iterable[_Parcel], tell: Tell) -> None:
        """Say each licence before the first model under it comes, and never again."""
        said_file = self._shelf.models_folder / SAID_FILE
        said = said_file.read_text("utf-8").splitlines() if said_file.is_file() else []
        for parcel in parcels:
            short = parcel.folder.name
            known = PUBLISHED.get(short) or PARTS.get(short)
            licence = known.licence if known else parcel.repository.licence
            sentence = LICENCE_SENTENCES.get(licence, "")
            if known is None:
                named = licence or "no licence that is said"
                sentence = f"{parcel.repository.name} is published under {named}"
            if sentence and sentence not in said:
                tell(ModelLicence(request.id, short, sentence))
                said.append(sentence)
                said_file.parent.mkdir(parents=True, exist_ok=True)
                said_file.write_text("\n".join(said), "utf-8")

    def _check_room(self, parcels: Iterable[_Parcel]) -> None:
        folder = self._shelf.models_folder
        folder.mkdir(parents=True, exist_ok=True)
        wanted = sum(parcel.size_bytes - _bytes_in(parcel.staging) for parcel in parcels)
        free = shutil.disk_usage(folder).free
        if free < wanted + _SPARE_BYTES:
            raise StorageFailed(
                f"{wanted / 1e9:.1f} GB are to come and {folder} has {free / 1e9:.1f} GB free: "
                "make room, or choose another folder with --models"
            )

    def _bring(self, parcel: _Parcel, progress: _Progress, stop: threading.Event) -> None:
        parcel.staging.mkdir(parents=True, exist_ok=True)
        for file in parcel.files:
            target = parcel.staging / file.name
            if not target.is_file():  # it takes its name when it is whole and checked
                self._hub.download(parcel.repository, file, target, progress.here, stop)
            progress.done(file.size_bytes)
        if any(file.name == NETWORK_FILE for file in parcel.files):
            try:
                read_figures(parcel.staging)
            except ModelUnavailable:
                shutil.rmtree(parcel.staging)
                raise
        _install(parcel)


class _Progress:
    """How far a fetch is, all its files together."""

    def __init__(
        self, request: FetchModel, name: str, tell: Tell, monotonic: Callable[[], float]
    ) -> None:
        self._request = request
        self._name = name
        self._tell = tell
        self._monotonic = monotonic
        self._began_seconds = monotonic()
        self._began_bytes: int | None = None
        self._done_bytes = 0
        self._total_bytes = 0

    def expect(self, n_bytes: int) -> None:
        self._total_bytes += n_bytes
        self._say(self._done_bytes)

    def here(self, file_bytes: int) -> None:
        here = self._done_bytes + file_bytes
        if self._began_bytes is None:  # what an earlier try brought says nothing of the speed
            self._began_bytes, self._began_seconds = here, self._monotonic()
        self._say(here)

    def done(self, file_bytes: int) -> None:
        self._done_bytes += file_bytes

    def end(self) -> None:
        self._total_bytes = self._done_bytes
        self._say(self._done_bytes)

    def _say(self, here: int) -> None:
        total = self._total_bytes
        seconds = self._monotonic() - self._began_seconds
        come = here - (self._began_bytes or 0)
        eta = (total - here) * seconds / come if come > 0 and self._began_bytes is not None else 0.0
        fraction = here / total if total else 1.0
        self._tell(ModelFetching(self._request.id, self._name, fraction, here, total, eta))


def _part_files(repository: Repository) -> list[str]:
    """The files of a model in the format of transformers: safetensors rather than a pickle."""
    files = repository.files
    shards = sorted(name for name in files if _SHARD.fullmatch(name))
    if "model.safetensors" in files:
        weights = ["model.safetensors"]
    elif shards and "model.safetensors.index.json" in files:
        weights = ["model.safetensors.index.json", *shards]
    else:
        weights = ["pytorch_model.bin"]
    if _CONFIG_FILE not in files:
        return []
    return [*weights, *(name for name in reversed(_SMALL_FILES) if name in files)]


def _install(parcel: _Parcel) -> None:
    """Give a complete folder its place; what tells of its presence comes last."""
    if not parcel.folder.exists():
        parcel.staging.replace(parcel.folder)
        return
    for file in parcel.files:
        (parcel.staging / file.name).replace(parcel.folder / file.name)
    shutil.rmtree(parcel.staging)


def _bytes_in(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
