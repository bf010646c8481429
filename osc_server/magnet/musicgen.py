"""MusicGen (arXiv 2306.05284) from transformers, as the companion of MAGNeT checkpoints.

Both write the codes of the same 32 kHz EnCodec, four codebooks of 2048, and MusicGen lays them in
the same delay pattern; so it can begin what MAGNeT ends, and judge what MAGNeT drew. It is not told
the tempo: whoever needs its hint on a grid conforms it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.conditioning import T5Conditioner
from osc_server.magnet.pretrained import find_folder, load_pretrained
from osc_server.rendering.plan import BeatGrid

MUSICGENS = ("facebook/musicgen-small", "facebook/musicgen-medium", "facebook/musicgen-large")
"""Looked for in the models folder in this order: a hint is worth more early than fine."""


def find_musicgen(models_folder: Path) -> tuple[str, Path] | None:
    """The name and folder of the first MusicGen that is on disk."""
    found = ((name, find_folder(name, models_folder)) for name in MUSICGENS)
    return next(((name, folder) for name, folder in found if folder is not None), None)


def read_codes(folder: Path) -> tuple[int, int, int]:
    """What codes a MusicGen writes, from its ``config.json`` alone.

    Returns:
        Codebooks, codes in each, and the sample rate of its codec in Hz.

    Raises:
        ModelUnavailable: the folder holds no MusicGen.
    """
    from transformers import MusicgenConfig  # slow to import

    path = folder / "config.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.get("model_type") != "musicgen":
            raise ValueError(f"it is a {said.get('model_type')}")
        config: Any = MusicgenConfig.from_dict(said)
        decoder, codec = config.decoder, config.audio_encoder
        return int(decoder.num_codebooks), int(decoder.vocab_size), int(codec.sampling_rate)
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelUnavailable(f"{folder.name} is not a MusicGen: {reason}") from error


class MusicGenNetwork:
    """Implements ``companions.CausalNetwork``."""

    def __init__(
        self,
        conditioner: T5Conditioner,
        projection: nn.Module | None,
        decoder: Any,  # noqa: ANN401  (transformers' own)
        device: torch.device,
    ) -> None:
        """Wrap the parts of a loaded MusicGen; the latter two are transformers' own.

        Args:
            conditioner: its text encoder.
            projection: text states to the decoder's width; None = they have it.
            decoder: a ``MusicgenForCausalLM``.
            device: where it computes.
        """
        self.device = device
        self.is_small = False
        self.n_codebooks: int = decoder.config.num_codebooks
        self.codebook_size: int = decoder.config.vocab_size
        self._conditioner = conditioner
        self._projection = projection
        self._decoder = decoder

    @classmethod
    def load(
        cls,
        folder: Path,
        device: torch.device,
        dtype: torch.dtype,
        codes: tuple[int, int] = (4, 2048),
    ) -> MusicGenNetwork:
        """Load a folder as transformers keeps it; never from the network.

        Args:
            folder: holds ``config.json``, weights and tokenizer.
            device: where it computes.
            dtype: of its decoder; the text encoder stays float32.
            codes: the codebooks and codes in each that it must have.

        Raises:
            ModelUnavailable: it cannot be read, or writes other codes.
        """
        from transformers import AutoTokenizer, MusicgenForConditionalGeneration  # slow to import

        model = load_pretrained(MusicgenForConditionalGeneration, folder, "MusicGen")
        config = model.decoder.config
        if (config.num_codebooks, config.vocab_size) != codes:
            raise ModelUnavailable(
                f"the MusicGen in {folder} writes {config.num_codebooks} codebooks of "
                f"{config.vocab_size} codes, not {codes[0]} of {codes[1]}: take a mono one"
            )
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            raise ModelUnavailable(f"the words of {folder} cannot be read: {error}") from error
        encoder = model.text_encoder.to(device, torch.float32)
        projection = getattr(model, "enc_to_dec_proj", None)
        return cls(
            T5Conditioner(tokenizer, encoder),
            projection if projection is None else projection.to(device, dtype),
            model.decoder.to(device, dtype),
            device,
        )

    @torch.inference_mode()
    def begin(
        self, texts: Sequence[str], has_null: bool, grid: BeatGrid | None, span: tuple[int, int]
    ) -> _MusicGenReader:
        """See ``CausalNetwork.begin``; the grid and the first frame are not used."""
        text = self._conditioner(texts)
        states, mask = text.states, text.mask
        if states.shape[1] == 0:  # not one word
            states, mask = functional.pad(states, (0, 0, 0, 1)), functional.pad(mask, (0, 1))
        if has_null:
            states, mask = (
                functional.pad(states, (0, 0, 0, 0, 0, 1)),
                functional.pad(mask, (0, 0, 0, 1)),
            )
        if self._projection is not None:
            states = self._projection(states.to(self._decoder.dtype))
        states = states * mask[..., None]
        # A row without a word attends to zeros, which adds nothing: attention has no biases.
        mask = mask | ~mask.any(dim=1, keepdim=True)
        return _MusicGenReader(self._decoder, states, mask)


class _MusicGenReader:
    """Implements ``autoregressive.Reader``."""

    def __init__(self, decoder: Any, states: Tensor, mask: Tensor) -> None:  # noqa: ANN401
        self.mask_token = int(decoder.config.vocab_size)
        self._decoder = decoder
        self._states = states
        self._mask = mask
        self._past: Any = None

    def read(self, inputs: Tensor) -> Tensor:
        """See ``Reader.read``."""
        output = self._decoder.model(
            input_ids=inputs.repeat(len(self._states), 1),
            encoder_hidden_states=self._states,
            encoder_attention_mask=self._mask.long(),
            past_key_values=self._past,
            use_cache=True,
        )
        self._past = output.past_key_values
        hidden: Tensor = output.last_hidden_state
        return hidden

    def head(self, hidden: Tensor, codebook: int) -> Tensor:
        """See ``Reader.head``."""
        logits: Tensor = self._decoder.lm_heads[codebook](hidden)
        return logits
