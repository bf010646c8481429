"""The reference implementation as an engine: audiocraft draws the codes, for whoever has it.

It is what our own engine is compared with, not what one plays with: it knows no circle, no infill,
no deadline, and draws nothing that is not the continuation of a beginning. What is not drawn (the
codec, how surprising codes are) is our own engine's. docs/reference.md says how to install it.
"""

# ruff: noqa: ANN401 - audiocraft has no types

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from osc_server.contract.errors import BadRequest, GenerationFailed, ModelUnavailable
from osc_server.magnet.engine import MagnetEngine, find_model, load_engine
from osc_server.magnet.pretrained import find_folder, lacks
from osc_server.magnet.state_files import NETWORK_FILE, StateFile, read_state_file
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

INSTALLING = "docs/reference.md says how to install it; without --engine audiocraft it isn't needed"


class AudiocraftEngine:
    """Implements ``Engine``; codes are those that audiocraft draws after ``manual_seed(seed)``."""

    def __init__(self, language_model: Any, ours: MagnetEngine) -> None:
        """Wrap audiocraft's language model of a checkpoint, and our engine of the same one."""
        self._model = language_model
        self._ours = ours
        # Dense masks for the whole window; without xformers they have to be as long as the codes.
        self._masks: list[Tensor | None] = list(language_model.attn_mask_per_stage)

    @property
    def info(self) -> EngineInfo:
        """What this model is."""
        ours = self._ours.info
        return replace(ours, name=f"{ours.name} (audiocraft)", takes_tempo=False, companion="")

    def generate(
        self,
        plans: Sequence[Plan],
        on_step: OnStep,
        *,
        on_stage: OnStage | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> list[Decoded]:
        """See ``Engine.generate``; one plan after another, as each has its own seed.

        It does not say how sure it was: confidence is 1 everywhere.

        Raises:
            BadRequest: for what audiocraft cannot do.
            GenerationFailed: it gave not-a-number.
        """
        prompts = [self._prompt(plan) for plan in plans]
        n_steps = sum(plans[0].decoding.steps) if plans else 0
        decoded: list[Decoded] = []
        for i, (plan, prompt) in enumerate(zip(plans, prompts, strict=True)):

            def report(done: int, _: int, before: int = i * n_steps) -> None:
                on_step(before + done, len(plans) * n_steps)

            codes = self._draw(plan, prompt, report)
            notes = () if codes.shape[1] == plan.n_frames else (_held(plan, codes.shape[1]),)
            missing = plan.n_frames - codes.shape[1]
            codes = np.pad(codes, ((0, 0), (0, missing)), mode="edge")
            decoded.append(Decoded(codes, np.ones(codes.shape, np.float32), notes + _ignored(plan)))
        if on_stage is not None:
            on_stage(self.info.n_codebooks, [item.codes for item in decoded])
        return decoded

    def hint(self, plan: Plan, n_frames: int, on_step: OnStep) -> Codes:
        """See ``Engine.hint``; there is none."""
        raise ModelUnavailable("the reference engine writes no hint: leave --engine audiocraft out")

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See ``Engine.unknown_words``."""
        return self._ours.unknown_words(text)

    def surprise(
        self, codes: Codes, plan: Plan, needed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """See ``Engine.surprise``; our network's, which has the same weights."""
        return self._ours.surprise(codes, plan, needed)

    def decode(self, codes: Codes, *, circular: bool) -> Audio:
        """See ``Engine.decode``."""
        return self._ours.decode(codes, circular=circular)

    def encode(self, audio: Audio) -> Codes:
        """See ``Engine.encode``."""
        return self._ours.encode(audio)

    def _prompt(self, plan: Plan) -> Tensor | None:
        """The beginning that a plan gives, ``[1, K, P]``; refuses what audiocraft cannot do."""
        asked = {
            "variation": plan.revision is not None,
            "rescoring": plan.rescoring > 0,
            "negative prompt": bool(plan.negative.strip()),
            "mix of prompts": bool(plan.mix),
        }
        if any(asked.values()):
            what = next(name for name, is_asked in asked.items() if is_asked)
            raise BadRequest(f"the reference engine has no {what}: leave --engine audiocraft out")
        if len(plan.decoding.steps) != self.info.n_codebooks:
            raise BadRequest(f"steps: give {self.info.n_codebooks} numbers, one for each codebook")
        if not 1 <= plan.n_frames <= self.info.window_frames:
            seconds = self.info.window_frames / self.info.frame_rate
            raise BadRequest(f"this model makes up to {seconds:g} s at once: ask for less")
        if plan.keep_mask is None or plan.keep_codes is None or not plan.keep_mask.any():
            return None
        n_given = int(plan.keep_mask.all(axis=0).cumprod().sum())
        if plan.keep_mask[:, n_given:].any():
            raise BadRequest(
                "the reference engine continues a beginning, and cannot keep anything else: leave "
                "--engine audiocraft out"
            )
        given = np.ascontiguousarray(plan.keep_codes[:, :n_given], dtype=np.int64)
        return torch.from_numpy(given)[None]

    def _draw(self, plan: Plan, prompt: Tensor | None, on_step: OnStep) -> Codes:
        """What audiocraft decodes, ``[K, T]``; T is cut to whole spans."""
        if prompt is not None and prompt.shape[-1] == plan.n_frames:
            return np.asarray(prompt[0].numpy(), dtype=np.int64)
        from audiocraft.modules import conditioners

        decoding = plan.decoding
        device = next(self._model.parameters()).device
        if not self._has_xformers_masks():
            self._fit_masks(plan)
        torch.manual_seed(plan.seed)
        try:
            with _autocast(device):
                codes = self._model.generate(
                    None if prompt is None else prompt.to(device),
                    [conditioners.ConditioningAttributes(text={"description": plan.prompt})],
                    max_gen_len=plan.n_frames,
                    callback=on_step,
                    use_sampling=not decoding.greedy,
                    temp=decoding.temperature,
                    top_k=decoding.top_k,
                    top_p=decoding.top_p,
                    max_cfg_coef=decoding.guidance_max,
                    min_cfg_coef=decoding.guidance_min,
                    decoding_steps=list(decoding.steps),
                    anneal_temp=decoding.anneal_temperature,
                    span_scoring=decoding.scoring,
                    span_arrangement=decoding.span,
                )
        except RuntimeError as error:
            if "probability tensor" not in str(error):
                raise
            raise GenerationFailed(f"audiocraft cannot draw: {error}") from error
        return np.asarray(codes[0].cpu().numpy(), dtype=np.int64)

    def _has_xformers_masks(self) -> bool:
        return bool(self._model.cfg.transformer_lm.memory_efficient)

    def _fit_masks(self, plan: Plan) -> None:
        """Cut the masks to the frames that are decoded: audiocraft does so for xformers alone."""
        span = int(self._model.cfg.masking.span_len)
        n_frames = plan.n_frames
        if plan.decoding.span == "nonoverlap":
            n_frames -= n_frames % span
        self._model.attn_mask_per_stage = [
            None if mask is None else mask[..., :n_frames, :n_frames] for mask in self._masks
        ]


def load_audiocraft(spec: str, *, models_folder: Path, device: str) -> AudiocraftEngine:
    """Load an official checkpoint with audiocraft.

    On a GPU audiocraft computes with xformers, in float16; elsewhere with its own plain attention,
    in float32.

    Args:
        spec: a folder, or a name that is looked for in the models folder.
        models_folder: where models, and the text encoders that they name, lie.
        device: as for ``load_engine``.

    Raises:
        ModelUnavailable: audiocraft is not installed, or this is not a model for it.
    """
    try:
        from audiocraft.models import builders
        from audiocraft.modules import conditioners, transformer
        from omegaconf import OmegaConf
    except (ImportError, OSError) as error:
        raise ModelUnavailable(f"audiocraft cannot be imported ({error}): {INSTALLING}") from error
    folder, _ = find_model(spec, models_folder)
    file = read_state_file(folder / NETWORK_FILE)
    if file.cfg.text("conditioners.description.model") != "t5":
        raise ModelUnavailable(
            f"audiocraft runs official checkpoints, which {spec} is not: choose another --model"
        )
    ours = load_engine(spec, models_folder=models_folder, device=device)
    place = torch.device(ours.info.device)
    encoder = _text_encoder(file, models_folder)
    t5 = conditioners.T5Conditioner
    width = file.tensors["condition_provider.conditioners.description.output_proj.weight"].shape[1]
    t5.MODELS, t5.MODELS_DIMS = [*t5.MODELS, encoder], {**t5.MODELS_DIMS, encoder: width}
    # Its other way takes every mask for a causal one.
    transformer.set_efficient_attention_backend("xformers")
    cfg = OmegaConf.create(dict(file.cfg.tree))
    _prepare(cfg, place, encoder, ours.info.frame_rate)
    model = builders.get_lm_model(cfg)
    model.load_state_dict(dict(file.tensors))
    model.eval().requires_grad_(False)
    model.cfg = cfg
    return AudiocraftEngine(model, ours)


def _text_encoder(file: StateFile, models_folder: Path) -> str:
    """The folder of the text encoder: audiocraft would look for its name on the network."""
    name = file.cfg.text("conditioners.description.t5.name")
    folder = find_folder(name, models_folder)
    if folder is None:
        raise ModelUnavailable(lacks("text encoder", name, models_folder))
    return str(folder)


def _prepare(cfg: Any, place: torch.device, encoder: str, frame_rate: int) -> None:
    """Complete a configuration as audiocraft's loader does."""
    on_gpu = place.type == "cuda"
    cfg.device = str(place)
    cfg.dtype = "float16" if on_gpu else "float32"
    cfg.conditioners.description.t5.name = encoder
    cfg.transformer_lm.compression_model_framerate = frame_rate
    cfg.transformer_lm.segment_duration = cfg.dataset.segment_duration
    cfg.transformer_lm.span_len = cfg.masking.span_len
    # xformers computes on GPUs only.
    cfg.transformer_lm.memory_efficient = on_gpu
    cfg.transformer_lm.custom = True


def _autocast(device: torch.device) -> AbstractContextManager[object]:
    enabled = device.type == "cuda"
    return torch.autocast(device.type, dtype=torch.float16 if enabled else None, enabled=enabled)


def _held(plan: Plan, n_made: int) -> str:
    return (
        f"audiocraft made {n_made} of {plan.n_frames} frames, whole spans only: the last is held."
    )


def _ignored(plan: Plan) -> tuple[str, ...]:
    """What of a plan audiocraft left out, for the notes."""
    notes = []
    if plan.wrap_frames:
        notes.append("audiocraft decodes a line, so the loop's seam was not closed.")
    if plan.beat_grid is not None:
        notes.append("audiocraft was told no tempo but that in the prompt.")
    return tuple(notes)
