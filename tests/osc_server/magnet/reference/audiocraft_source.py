"""Importing audiocraft: installed, or from a checkout with stand-ins for what decoding never uses.

audiocraft pins versions that current systems cannot install; its own code for MAGNeT runs on
today's torch all the same, once the imports that belong to training and data find something.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional

SOURCE_VARIABLE = "AUDIOCRAFT"
NOT_NEEDED = (
    *("av", "demucs", "dora", "encodec", "flashy", "hydra", "num2words", "spacy", "torchaudio"),
    *("torchdiffeq", "torchmetrics", "torchtext", "torchvision", "xformers"),
)


def find_audiocraft() -> bool:
    """Whether audiocraft can be imported; makes a checkout importable where one is named."""
    if importlib.util.find_spec("audiocraft") is not None:
        return True
    source = os.environ.get(SOURCE_VARIABLE)
    if not source:
        return False
    from transformers import T5EncoderModel, T5Tokenizer  # noqa: F401  (before the stand-ins)

    sys.path.insert(0, source)
    sys.meta_path.append(_StandIns())
    _stand_in_for_xformers()
    return True


class _StandIn(types.ModuleType):
    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {}) if name[0].isupper() else _StandIn(name)

    def __call__(self, *args: object, **kwargs: object) -> _StandIn:
        return self


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what is not installed, last."""

    def find_spec(
        self, name: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in NOT_NEEDED:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        return None


def _stand_in_for_xformers() -> None:
    """Attention with a bias, as xformers defines it: audiocraft's other way ignores the mask."""
    import xformers.ops  # type: ignore[import-not-found]
    import xformers.profiler  # type: ignore[import-not-found]

    def attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, p: float = 0) -> Tensor:
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=p)
        return mixed.transpose(1, 2)

    xformers.ops.memory_efficient_attention = attention
    xformers.ops.unbind = torch.unbind
    not_profiling = types.SimpleNamespace(_CURRENT_PROFILER=None)
    xformers.profiler.profiler = types.SimpleNamespace(_Profiler=not_profiling)


needs_audiocraft = pytest.mark.skipif(
    not find_audiocraft() and os.environ.get("CI", "").lower() not in ("1", "true"),
    reason="audiocraft is not installed: docs/reference.md says how; CI has it",
)
"""Skips a test where audiocraft is missing; in CI it then fails, because it must not be."""
