"""The engine: a loaded model behind ``rendering.plan.Engine``, NumPy in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from osc_server.contract.errors import BadRequest, ModelUnavailable, OutOfMemory
from osc_server.magnet.beat import beat_features
from osc_server.magnet.checkpoints import Checkpoint, load_checkpoint
from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.packed import can_pack, has_fast_bfloat16, pack
from osc_server.magnet.pretrained import find_folder
from osc_server.magnet.sampling import SeededDraws
from osc_server.magnet.state_files import NETWORK_FILE
from osc_server.rendering.plan import (
    Audio,
    Codes,
    Decoded,
    EngineInfo,
    KeepMask,
    OnStage,
    OnStep,
    Plan,
    SecondsLeft,
)

EMBEDDED = "embedded"
Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""Of the network's products; ``auto`` is float16 on a GPU, as published, and float32 on CPU."""


class MagnetEngine:
    """MAGNeT with its text encoder and codec. One thread at a time."""

    def __init__(self, model: Checkpoint, name: str, device: torch.device) -> None:
        """Wrap a loaded model.

        Args:
            model: from ``load_checkpoint``, on ``device``.
            name: what musicians call it.
            device: where it computes.
        """
        self._model = model
        self._device = device
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

        On CPU a batch is no faster than its items, so they are decoded one after another: then
        even rounding cannot depend on the neighbours, and a cancel loses less.

        Raises:
            BadRequest: a plan is longer than the window, or its steps do not fit the model.
            GenerationFailed: the network gave not-a-number.
            OutOfMemory: the device cannot hold the batch.
        """
        if not plans:
            return []
        self._check(plans)
        if self._device.type != "cpu":
            return self._decode_batch(plans, on_step)
        decoded: list[Decoded] = []
        for i, plan in enumerate(plans):
            decoded += self._decode_batch([plan], _share(on_step, i, len(plans)))
        return decoded

    @torch.inference_mode()
    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """See ``Engine.decode``; circular decodes the loop between its own tail and head.

        Raises:
            BadRequest: codes of another shape or range than the codec's.
        """
        codec = self._model.codec
        valid = codes.ndim == 2 and codes.shape[0] == codec.n_codebooks and codes.shape[1] > 0
        if not valid or codes.min() < 0 or codes.max() >= codec.codebook_size:
            raise BadRequest(
                f"these codes are not of this model: it has {codec.n_codebooks} codebooks of "
                f"{codec.codebook_size} codes"
            )
        n_frames = codes.shape[1]
        context = codec.context_frames if circular else 0
        around = np.arange(-context, n_frames + context) % n_frames
        wrapped = torch.from_numpy(np.ascontiguousarray(codes[:, around], dtype=np.int64))
        audio = codec.decode(wrapped[None].to(self._device))[0]
        frame = codec.samples_per_frame
        tile = audio[context * frame : (context + n_frames) * frame]
        return np.ascontiguousarray(tile.float().cpu().numpy()[:, None])

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
        shared = {(plan.decoding, plan.n_frames, plan.wrap_frames) for plan in plans}
        if len(shared) > 1:
            raise ValueError("plans of one batch share decoding, n_frames and wrap_frames")
        n_frames = plans[0].n_frames
        if not 1 <= n_frames <= self._info.window_frames or plans[0].wrap_frames < 0:
            seconds = self._info.window_frames / self._info.frame_rate
            raise BadRequest(f"this model makes up to {seconds:g} s at once: ask for less")

    def _decode_batch(self, plans: Sequence[Plan], on_step: OnStep) -> list[Decoded]:
        try:
            batch = self._decoder.decode(self._job(plans), on_step)
        except torch.cuda.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{self._device} has too little memory for {len(plans)} takes of this length: "
                "ask for fewer, or for a shorter clip"
            ) from error
        return [
            Decoded(codes.numpy(), confidence.numpy())
            for codes, confidence in zip(batch.codes, batch.confidence, strict=True)
        ]

    @torch.inference_mode()
    def _job(self, plans: Sequence[Plan]) -> DecodeJob:
        shape = (self._info.n_codebooks, plans[0].n_frames)
        given = np.zeros((len(plans), *shape), dtype=np.int64)
        keep = np.zeros((len(plans), *shape), dtype=np.bool_)
        for i, plan in enumerate(plans):
            _lay_given(plan, given[i], keep[i], self._info.codebook_size)
        return DecodeJob(
            text=self._model.conditioner([plan.prompt for plan in plans]),
            beat=self._beat(plans),
            given=torch.from_numpy(given),
            keep=torch.from_numpy(keep),
            decoding=plans[0].decoding,
            draws=SeededDraws([plan.seed for plan in plans], self._device),
            wrap_frames=plans[0].wrap_frames,
        )

    def _beat(self, plans: Sequence[Plan]) -> torch.Tensor | None:
        """Beat features of the plans; None where the model knows no tempo or none is given."""
        if not self._info.takes_tempo or all(plan.beat_grid is None for plan in plans):
            return None
        rows = [
            beat_features(plan.beat_grid, plan.n_frames, frame_rate=self._info.frame_rate)
            for plan in plans
        ]
        return torch.from_numpy(np.stack(rows)).to(self._device)


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
    folder, name = _find_model(spec, models_folder)
    place = _find_device(device)
    dtype = _choose_dtype(precision, place)
    # On CPU the residual stream stays float32; only products are rounded, by packing.
    stored = torch.float32 if place.type == "cpu" else dtype
    model = load_checkpoint(folder, models_folder, place, stored)
    if place.type == "cpu" and can_pack():
        pack(model.network, dtype)
    return MagnetEngine(model, name, place)


def _find_model(spec: str, models_folder: Path) -> tuple[Path, str]:
    if spec == EMBEDDED:
        return Path(str(files("osc_server.magnet") / EMBEDDED)), EMBEDDED
    if (Path(spec) / NETWORK_FILE).is_file():
        return Path(spec), Path(spec).resolve().name
    folder = find_folder(spec, models_folder)
    if folder is None:
        raise ModelUnavailable(f"no model {spec}: put its folder into {models_folder}")
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


def _choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    if precision == "auto":
        return torch.float32 if device.type == "cpu" else torch.float16
    if precision == "bfloat16" and device.type == "cpu" and not has_fast_bfloat16():
        return torch.float32  # emulated, it would be many times slower
    if precision == "float16" and device.type == "cpu":
        return torch.float32
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    return dtypes[precision]


def _lay_given(plan: Plan, given: Codes, keep: KeepMask, codebook_size: int) -> None:
    """Copy what a plan gives into ``[K, T]`` arrays, in place."""
    if plan.keep_mask is None:
        return
    shapes = {plan.keep_mask.shape, getattr(plan.keep_codes, "shape", None)}
    if plan.keep_codes is None or shapes != {keep.shape}:
        raise BadRequest(f"given codes and their mask have the shape {keep.shape}")
    kept = plan.keep_codes[plan.keep_mask]
    if kept.size and (kept.min() < 0 or kept.max() >= codebook_size):
        raise BadRequest(f"given codes lie outside 0..{codebook_size - 1}")
    keep[:] = plan.keep_mask
    given[keep] = kept


def _share(on_step: OnStep, item: int, n_items: int) -> Callable[[int, int], None]:
    """Progress of one item as progress of all."""

    def report(done: int, n_steps: int) -> None:
        on_step(item * n_steps + done, n_items * n_steps)

    return report
