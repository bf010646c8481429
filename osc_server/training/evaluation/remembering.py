"""An engine that remembers what it has made: a long evaluation can be stopped and gone on with.

Codes are kept by everything that they depend on: the weights, the source of the engine, and the
whole plan. What is measured of them is always measured anew.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osc_server import magnet, rendering
from osc_server.rendering.plan import (
    Audio,
    Codes,
    Decoded,
    Engine,
    EngineInfo,
    OnStage,
    OnStep,
    Plan,
    SecondsLeft,
)


@dataclass(frozen=True, slots=True)
class Made:
    """Codes ``[K, T]``, and the seconds that making them took when they were made."""

    codes: Codes
    seconds: float


class RememberingEngine:
    """An ``Engine`` whose codes are kept in a folder. One thread at a time.

    Attributes:
        last_seconds: what the last ``generate`` or ``hint`` took when it was really done.
    """

    def __init__(self, engine: Engine, folder: Path, variant: str = "") -> None:
        """Wrap an engine.

        Args:
            engine: asked for what is not there yet.
            folder: of the files, one a plan; is made.
            variant: what makes this engine another than its weights and source say.
        """
        self._engine = engine
        self._folder = folder
        self._of_engine = "\n".join((engine.info.weights_hash, source_version(), variant))
        self.last_seconds = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def info(self) -> EngineInfo:
        """The engine's own."""
        return self._engine.info

    def generate(
        self,
        plans: Sequence[Plan],
        on_step: OnStep,
        *,
        on_stage: OnStage | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> list[Decoded]:
        """See ``Engine.generate``; without stages, deadline and confidences."""
        keys = [self._key(plan, "codes") for plan in plans]
        found = {key: made for key in keys if (made := self._read(key)) is not None}
        missing = [i for i, key in enumerate(keys) if key not in found]
        if missing:
            began = time.perf_counter()
            decoded = self._engine.generate([plans[i] for i in missing], on_step)
            seconds = (time.perf_counter() - began) / len(missing)
            for i, clip in zip(missing, decoded, strict=True):
                found[keys[i]] = Made(clip.codes, seconds)
                self._write(keys[i], found[keys[i]])
        self.last_seconds = sum(found[key].seconds for key in keys)
        return [Decoded(found[key].codes, np.zeros((0, 0), np.float32)) for key in keys]

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """See ``Engine.hint``."""
        key = self._key(plan, f"hint {n_frames}")
        made = self._read(key)
        if made is None:
            began = time.perf_counter()
            codes = self._engine.hint(plan, n_frames, on_step)
            made = Made(codes, time.perf_counter() - began)
            self._write(key, made)
        self.last_seconds = made.seconds
        return made.codes

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See ``Engine.unknown_words``."""
        return self._engine.unknown_words(text)

    def surprise(
        self, codes: Codes, plan: Plan, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """See ``Engine.surprise``."""
        return self._engine.surprise(codes, plan, needed)

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """See ``Engine.decode``."""
        return self._engine.decode(codes, circular=circular)

    def encode(self, audio: Audio) -> Codes:
        """See ``Engine.encode``."""
        return self._engine.encode(audio)

    def _key(self, plan: Plan, what: str) -> str:
        digest = hashlib.sha256(f"{self._of_engine}\n{what}\n".encode())
        digest.update(repr(replace(plan, keep_codes=None, keep_mask=None)).encode())
        for given in (plan.keep_codes, plan.keep_mask):
            digest.update(b"none" if given is None else given.tobytes())
        return digest.hexdigest()[:32]

    def _read(self, key: str) -> Made | None:
        path = self._folder / f"{key}.npz"
        if not path.exists():
            return None
        with np.load(path) as content:
            return Made(content["codes"].astype(np.int64), float(content["seconds"]))

    def _write(self, key: str, made: Made) -> None:
        partial = self._folder / f".{key}.partial"
        with partial.open("wb") as file:
            np.savez(file, codes=made.codes.astype(np.int16), seconds=np.float64(made.seconds))
        os.replace(partial, self._folder / f"{key}.npz")


def source_version() -> str:
    """Hash of the source that draws codes, and of the lists of words: others make other codes."""
    digest = hashlib.sha256()
    for package in (magnet, rendering):
        folder = Path(str(package.__file__)).parent
        for path in sorted((*folder.glob("*.py"), *folder.glob("*/*.txt"))):
            digest.update(path.read_bytes())
    return digest.hexdigest()
