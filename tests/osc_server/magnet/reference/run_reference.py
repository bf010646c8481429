"""Decoding a case with audiocraft's own code, and with ours."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from osc_server.magnet.decoding import DecodeJob, Decoder
from osc_server.magnet.protocols import TextConditioner
from osc_server.magnet.transformer import MagnetTransformer
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.reference.cases import Case
from tests.osc_server.magnet.reference.checkpoints import (
    FRAME_RATE,
    TEXT_DIM,
    make_content,
    write_checkpoint,
)
from tests.osc_server.magnet.reference.draws import ReferenceDraws


def given_codes(case: Case) -> Tensor:
    """The audio prompt of a case, ``[B, K, n_given]``."""
    generator = np.random.default_rng(case.seed)
    shape = (case.n_items, case.sizes.n_codebooks, case.n_given)
    return torch.from_numpy(generator.integers(0, case.sizes.card, shape))


def load_reference(case: Case, folder: Path) -> Any:
    """The language model of a case's checkpoint, loaded by audiocraft."""
    from audiocraft.models import loaders  # type: ignore[import-not-found]
    from audiocraft.modules.conditioners import T5Conditioner  # type: ignore[import-not-found]

    # It looks a text encoder up in a list of names; a folder is as good.
    encoder = str(GOLDEN_FOLDER / "t5-tiny-rig")
    if encoder not in T5Conditioner.MODELS:
        T5Conditioner.MODELS.append(encoder)
        T5Conditioner.MODELS_DIMS[encoder] = TEXT_DIM
    content = make_content(case.sizes)
    content["xp.cfg"] = content["xp.cfg"].replace("name: t5-tiny-rig", f"name: {encoder}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return loaders.load_lm_model_magnet(str(write_checkpoint(folder, content)), FRAME_RATE)


def run_reference(case: Case, model: Any) -> Tensor:
    """What audiocraft decodes, ``[B, K, T]``; T is cut to whole spans where it is not stride 1."""
    from audiocraft.modules.conditioners import (  # type: ignore[import-not-found]
        ConditioningAttributes,
    )

    decoding = case.decoding
    torch.manual_seed(case.seed)
    codes: Tensor = model.generate(
        given_codes(case) if case.n_given else None,
        [ConditioningAttributes(text={"description": case.text})] * case.n_items,
        max_gen_len=case.n_frames,
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
    return codes


def run_ours(
    case: Case, network: MagnetTransformer, conditioner: TextConditioner, n_frames: int
) -> Tensor:
    """What we decode with the same draws, ``[B, K, n_frames]``."""
    shape = (case.n_items, case.sizes.n_codebooks, n_frames)
    keep = torch.zeros(shape, dtype=torch.bool)
    given = torch.zeros(shape, dtype=torch.long)
    n_given = min(case.n_given, n_frames)
    keep[..., :n_given] = True
    given[..., :n_given] = given_codes(case)[..., :n_given]
    job = DecodeJob(
        text=conditioner([case.text] * case.n_items),
        beat=None,
        given=given,
        keep=keep,
        decoding=case.decoding,
        draws=ReferenceDraws(case.seed, n_frames, case.decoding),
    )
    decoder = Decoder(network, case.sizes.span)
    return decoder.decode(job, lambda done, n_steps: None).codes
