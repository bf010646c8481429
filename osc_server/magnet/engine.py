"""The engine: a loaded model behind ``rendering.plan.Engine``, NumPy in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from osc_server.contract.errors import BadRequest, ModelUnavailable, OutOfMemory
from osc_server.magnet.checkpoints import Checkpoint, load_checkpoint
from osc_server.magnet.companion_choice import Companions, OpenCompanion, find_companion
from osc_server.magnet.companion_choice import open_companion as open_named
from osc_server.magnet.decoding import DecodedBatch, Decoder, Listeners
from osc_server.magnet.job_building import JobBuilder
from osc_server.magnet.judging import FEW_GROUPS, Care
from osc_server.magnet.precision import Precision, hasten, stored_dtype
from osc_server.magnet.pretrained import find_folder
from osc_server.magnet.protocols import Companion
from osc_server.magnet.revising import Judge
from osc_server.magnet.self_test import load_where_right
from osc_server.magnet.state_files import NETWORK_FILE
from osc_server.magnet.vocabulary import Vocabulary, unknown_words
from osc_server.rendering.plan import (
    Audio,
    Codes,
    Decoded,
    EngineInfo,
    OnStage,
    OnStep,
    Plan,
    SecondsLeft,
)

EMBEDDED = "embedded"


class MagnetEngine:
    """MAGNeT with its text encoder and codec. One thread at a time."""

    def __init__(
        self,
        model: Checkpoint,
        name: str,
        device: torch.device,
        companion: Companion | None = None,
        open_companion: OpenCompanion | None = None,
    ) -> None:
        """Wrap a loaded model.

        Args:
            model: from ``load_checkpoint``, on ``device``.
            name: what musicians call it.
            device: where it computes.
            companion: the autoregressive model of the same codes, for hints and rescoring.
            open_companion: finds another one by its name; None = there is no other.
        """
        self._model = model
        self._device = device
        self._companions = Companions(name, companion, open_companion)
        self._jobs = JobBuilder(model, device, self._companions)
        self._judge = Judge(model, self._jobs, device)
        self._decoder = Decoder(model.network, model.span)
        spec = model.network.spec
        self._info = EngineInfo(
            name=name,
            weights_hash=model.weights_hash,
            licence=model.licence,
            device=str(device),
            sample_rate_hz=model.codec.sample_rate_hz,
            frame_rate=model.frame_rate,
            n_codebooks=spec.n_codebooks,
            codebook_size=spec.codebook_size,
            window_frames=model.window_frames,
            takes_tempo=model.takes_tempo,
            defaults=model.defaults,
            companion="" if companion is None else companion.name,
        )

    @property
    def info(self) -> EngineInfo:
        """What this model is."""
        return self._info

    def generate(
        self,
        plans: Sequence[Plan],
        on_step: OnStep,
        *,
        on_stage: OnStage | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> list[Decoded]:
        """See ``Engine.generate``.

        On CPU a batch is no faster than its items, so they go through each stage one after another:
        then even rounding cannot depend on the neighbours. On a GPU they are one batch, which is
        halved for as long as it does not fit into memory.

        Raises:
            BadRequest: a plan is longer than the window, or its steps, its given codes or its
                weights do not fit.
            GenerationFailed: the network gave not-a-number.
            ModelUnavailable: rescoring is asked for, and there is no such companion.
            OutOfMemory: the device cannot hold even one of them.
        """
        if not plans:
            return []
        self._check(plans)
        plans = self._judge.revised(plans, on_step)
        listeners = Listeners(on_step, _each_item(on_stage), seconds_left=seconds_left)
        size = 1 if self._device.type == "cpu" else len(plans)
        while True:
            parts = [plans[i : i + size] for i in range(0, len(plans), size)]
            batches = self._decoded(parts, listeners, may_fail=size > 1)
            if batches is not None:
                break
            size = (size + 1) // 2
            torch.cuda.empty_cache()
        notes: tuple[str, ...] = ()
        if self._device.type != "cpu" and size < len(plans):
            notes = (f"{self._device} had memory for {size} of {len(plans)} takes at once.",)
        return [
            Decoded(codes.numpy(), confidence.numpy(), batch.notes + notes)
            for batch in batches
            for codes, confidence in zip(batch.codes, batch.confidence, strict=True)
        ]

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """See ``Engine.hint``.

        Raises:
            BadRequest: the hint is empty or longer than the plan.
            ModelUnavailable: the model has no companion, or none of that name.
        """
        companion = self._companions.get(plan.companion, "a hint")
        self._check([plan])
        if not 1 <= n_frames <= plan.n_frames:
            seconds = plan.n_frames / self._info.frame_rate
            raise BadRequest(f"a hint of this clip is longer than nothing, at most {seconds:g} s")
        return companion.hint(plan, n_frames, on_step)

    @property
    def vocabulary(self) -> Vocabulary | None:
        """Which words the model has learned, of models whose folder lists them."""
        return self._model.vocabulary

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See ``Engine.unknown_words``; known of models whose folder lists their words."""
        return unknown_words(text, self._model.vocabulary)

    def surprise(
        self, codes: Codes, plan: Plan, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """See ``Engine.surprise``.

        Raises:
            BadRequest: codes of another model, or not as long as the plan.
        """
        self._check([plan])
        self._check_codes(codes)
        if codes.shape[1] != plan.n_frames:
            raise BadRequest(f"there are {codes.shape[1]} frames of codes for {plan.n_frames}")
        care = Care(FEW_GROUPS, None if needed is None else torch.from_numpy(needed))
        judged = self._judge.judged(plan, codes, lambda: None, care)
        return np.asarray(-judged.mean(axis=0), dtype=np.float32)

    @torch.inference_mode()
    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """See ``Engine.decode``; circular closes the loop.

        Raises:
            BadRequest: codes of another shape or range than the codec's.
        """
        self._check_codes(codes, first_alone=True)
        codec = self._model.codec
        given = torch.from_numpy(np.ascontiguousarray(codes, dtype=np.int64))
        audio = codec.decode(given[None].to(self._device), circular=circular)[0]
        return np.ascontiguousarray(audio.float().cpu().numpy()[:, None])

    @torch.inference_mode()
    def encode(self, audio: Audio) -> Codes:
        """See ``Engine.encode``.

        Raises:
            BadRequest: not mono, empty, or holding not-a-number.
        """
        if audio.ndim != 2 or audio.shape[1] != 1 or not len(audio):
            raise BadRequest("audio for the model is mono, [n_samples, 1], and not empty")
        if not np.isfinite(audio).all():
            raise BadRequest("the audio holds samples that are not numbers")
        mono = torch.from_numpy(np.ascontiguousarray(audio[:, 0], dtype=np.float32))
        codes = self._model.codec.encode(mono[None].to(self._device))
        return codes[0].cpu().numpy().astype(np.int64)

    def _check(self, plans: Sequence[Plan]) -> None:
        shared = {(p.decoding, p.n_frames, p.wrap_frames, p.rescoring, p.companion) for p in plans}
        if len(shared) > 1:
            raise ValueError("plans of one batch share decoding, length, wrap and rescoring")
        n_frames, rescoring = plans[0].n_frames, plans[0].rescoring
        if not 1 <= n_frames <= self._info.window_frames or plans[0].wrap_frames < 0:
            seconds = self._info.window_frames / self._info.frame_rate
            raise BadRequest(f"this model makes up to {seconds:g} s at once: ask for less")
        if not 0 <= rescoring <= 1:
            raise BadRequest(f"rescore {rescoring:g} is outside 0..1: the companion's weight")
        if rescoring:
            self._companions.get(plans[0].companion, "rescoring")

    def _check_codes(self, codes: Codes, *, first_alone: bool = False) -> None:
        codec = self._model.codec
        fewest = 1 if first_alone else codec.n_codebooks
        valid = codes.ndim == 2 and fewest <= codes.shape[0] <= codec.n_codebooks
        valid = valid and codes.shape[1] > 0
        if not valid or codes.min() < 0 or codes.max() >= codec.codebook_size:
            raise BadRequest(
                f"these codes are not of this model: it has {codec.n_codebooks} codebooks of "
                f"{codec.codebook_size} codes"
            )

    def _decoded(
        self, parts: Sequence[Sequence[Plan]], listeners: Listeners, *, may_fail: bool
    ) -> list[DecodedBatch] | None:
        """What the parts give; None where memory did not suffice and they can be made smaller."""
        try:
            return self._decoder.decode_all([self._jobs.job(part) for part in parts], listeners)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if may_fail:
                return None
            raise OutOfMemory(
                f"{self._device} has too little memory for this length: ask for a shorter clip, "
                "or load a smaller model"
            ) from error


def load_engine(
    spec: str, *, models_folder: Path, device: str, precision: Precision = "auto"
) -> MagnetEngine:
    """Load a model.

    Args:
        spec: ``embedded``, a folder, or a name that is looked for in the models folder
            (``facebook/magnet-small-10secs``, or its last part).
        models_folder: where models, and the text encoders that they name, lie.
        device: ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        precision: of the network's products.

    Raises:
        ModelUnavailable: not there, not readable, not a MAGNeT, or no such device.
    """
    folder, name = find_model(spec, models_folder)
    place = _find_device(device)
    stored = stored_dtype(precision, place)
    model, place = load_where_right(partial(load_checkpoint, folder, models_folder), place, stored)
    hasten(model.network, precision, place)
    dtype = model.network.out_norm.weight.dtype
    companion = find_companion(model, models_folder, place, dtype)

    def open_companion(other: str) -> Companion:
        return open_named(other, (model, name), models_folder, place, dtype)

    return MagnetEngine(model, name, place, companion, open_companion)


def find_model(spec: str, models_folder: Path) -> tuple[Path, str]:
    """The folder and the name of a model; arguments and errors as in ``load_engine``."""
    if spec == EMBEDDED:
        return Path(str(files("osc_server.magnet") / EMBEDDED)), EMBEDDED
    if (Path(spec) / NETWORK_FILE).is_file():
        return Path(spec), Path(spec).resolve().name
    folder = find_folder(spec, models_folder)
    if folder is None:
        raise ModelUnavailable(
            f"no model {spec}: `magnet-bridge models fetch {spec.removeprefix('facebook/')}` gets "
            f"it, or put its folder into {models_folder}"
        )
    return folder, spec


def _find_device(device: str) -> torch.device:
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA asserts
        raise ModelUnavailable(f"no device {device} here: use auto or cpu") from error
    return place


def _each_item(on_stage: OnStage | None) -> Callable[[int, list[Tensor]], None] | None:
    """Codes of batches as codes of their items."""
    if on_stage is None:
        return None
    return lambda n_complete, batches: on_stage(
        n_complete, [codes.numpy() for batch in batches for codes in batch]
    )


def _is_out_of_memory(error: Exception) -> bool:
    """Each device says it in its own words."""
    words = str(error).lower()
    is_said = "out of memory" in words or "can't allocate memory" in words
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_said
