"""audiocraft's own MAGNeT and MusicGen networks, from a checkout, on current PyTorch.

audiocraft asks for torch 2.1 and xformers and imports most of the audio world. The networks need
little of that: what is missing is replaced here by empty stand-ins, and xformers' attention by
PyTorch's own, which runs the same kernels. Nothing in the checkout is changed.

Where a checkout lies is said by ``--audiocraft`` or the variable ``AUDIOCRAFT``:

    git clone https://github.com/facebookresearch/audiocraft
"""

# ruff: noqa: ANN401 - it deals with code that has no types

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

PACKAGES = ("", ".models", ".modules", ".data", ".utils", ".quantization")
STAND_INS = (
    *("av", "demucs", "dora", "encodec", "einops", "flashy", "hydra", "hydra_colorlog", "julius"),
    *("laion_clap", "librosa", "num2words", "omegaconf", "pesq", "pystoi", "sentencepiece"),
    *("soundfile", "spacy", "torchaudio", "torchdiffeq", "torchmetrics", "torchtext"),
    *("torchvision", "transformers", "treetable", "xformers", "yaml", "tqdm", "huggingface_hub"),
)


class _Anything(type):
    """A class of which every attribute is there."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Empty


class _Empty(metaclass=_Anything):
    """What stands in for a class or a function that is never used."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return args[0] if args else None


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds an empty module wherever no other can be found."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.split(".")[0] not in STAND_INS:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> types.ModuleType:
        module = types.ModuleType(spec.name)
        module.__getattr__ = _attribute_of(spec.name)  # type: ignore[method-assign]
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        if module.__name__ == "einops":
            module.rearrange = rearrange  # type: ignore[attr-defined]
        if module.__name__ == "xformers.ops":
            module.unbind = torch.unbind  # type: ignore[attr-defined]
            module.memory_efficient_attention = _attention  # type: ignore[attr-defined]
        if module.__name__ == "xformers.profiler":
            profiler = types.SimpleNamespace(_CURRENT_PROFILER=None)
            module.profiler = types.SimpleNamespace(_Profiler=profiler)  # type: ignore[attr-defined]


def _attribute_of(module: str) -> Any:
    def attribute(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Empty

    return attribute


def rearrange(x: Tensor, pattern: str, **sizes: int) -> Tensor:
    """What the networks use of einops: grouping, splitting and moving axes."""
    left, right = (re.findall(r"\([^)]*\)|\S+", side) for side in pattern.split("->"))
    axes: list[str] = []
    shape: list[int] = []
    for group, size in zip(left, x.shape, strict=True):
        names = group.strip("()").split()
        known = [sizes.get(name, -1) for name in names] if len(names) > 1 else [size]
        if len(names) > 1 and -1 in known:
            rest = size
            for value in known:
                rest //= value if value > 0 else 1
            known = [rest if value < 0 else value for value in known]
        axes += names
        shape += known
    moved = [name for group in right for name in group.strip("()").split()]
    x = x.reshape(shape).permute([axes.index(name) for name in moved])
    if all("(" not in group for group in right):
        return x
    by_name = dict(zip(moved, x.shape, strict=True))
    joined = []
    for group in right:
        size = 1
        for name in group.strip("()").split():
            size *= by_name[name]
        joined.append(size)
    return x.reshape(joined)


def _attention(q: Tensor, k: Tensor, v: Tensor, attn_bias: Any = None, p: float = 0.0) -> Tensor:
    """The attention of xformers over ``[B, T, H, D]``; a mask that is no tensor is causal."""
    causal = attn_bias is not None and not isinstance(attn_bias, Tensor)
    mixed = functional.scaled_dot_product_attention(
        q.transpose(1, 2),
        k.transpose(1, 2),
        v.transpose(1, 2),
        attn_mask=None if causal else attn_bias,
        is_causal=causal,
    )
    return mixed.transpose(1, 2)


def import_networks(checkout: Path) -> tuple[Any, Any, Any]:
    """The modules ``models.lm_magnet``, ``models.lm`` and ``modules.conditioners``.

    Raises:
        ImportError: there is no checkout, or it needs more than stand-ins.
    """
    root = checkout / "audiocraft"
    if not (root / "models" / "lm_magnet.py").is_file():
        raise ImportError(f"no audiocraft in {checkout}")
    for suffix in PACKAGES:  # as packages whose own imports do not run
        package = types.ModuleType("audiocraft" + suffix)
        package.__path__ = [str(root.joinpath(*suffix.split(".")))]
        sys.modules[package.__name__] = package
    quantization: Any = sys.modules["audiocraft.quantization"]
    quantization.ResidualVectorQuantizer = _Empty
    with _standing_in():
        importlib.import_module("xformers.ops")  # before its parent is asked for it
        importlib.import_module("xformers.profiler")
        transformer: Any = importlib.import_module("audiocraft.modules.transformer")
        transformer.set_efficient_attention_backend("xformers")  # as its loader of MAGNeT does
        magnet = importlib.import_module("audiocraft.models.lm_magnet")
        lm = importlib.import_module("audiocraft.models.lm")
        conditioners = importlib.import_module("audiocraft.modules.conditioners")
    return magnet, lm, conditioners


@contextlib.contextmanager
def _standing_in() -> Iterator[None]:
    """Let stand-ins be found, and nobody else find them afterwards.

    xformers stays: the networks import it again in each pass.
    """
    finder = _StandIns()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            if getattr(spec, "loader", None) is finder and not name.startswith("xformers"):
                del sys.modules[name]


class Reference:
    """One of audiocraft's networks, random or with given weights, and its text laid in."""

    def __init__(
        self,
        checkout: Path,
        spec: Any,
        device: torch.device,
        dtype: torch.dtype,
        *,
        window_seconds: int = 10,
        autoregressive: bool = False,
    ) -> None:
        """Build it as its own builder does for the released models.

        Args:
            checkout: folder of the repository.
            spec: our ``NetworkSpec``: the shape.
            device: where it computes.
            dtype: of its weights; float16 on a GPU, as its loader chooses.
            window_seconds: length that its attention masks are made for.
            autoregressive: MusicGen instead of MAGNeT.
        """
        magnet, lm, conditioners = import_networks(checkout)
        patterns: Any = importlib.import_module("audiocraft.modules.codebooks_patterns")
        self._conditioners = conditioners
        self.text = torch.zeros(0)
        fuser = conditioners.ConditionFuser(
            {"sum": [], "prepend": [], "cross": ["description"], "input_interpolate": []}
        )
        pattern = (
            patterns.DelayedPatternProvider(spec.n_codebooks)
            if autoregressive
            else patterns.ParallelPatternProvider(spec.n_codebooks)
        )
        shape = {
            "pattern_provider": pattern,
            "condition_provider": torch.nn.Module(),
            "fuser": fuser,
            "n_q": spec.n_codebooks,
            "card": spec.codebook_size,
            "dim": spec.dim,
            "num_heads": spec.n_heads,
            "num_layers": spec.n_layers,
            "hidden_scale": spec.hidden_scale,
            "norm_first": True,
            "bias_proj": False,
            "bias_ff": False,
            "bias_attn": False,
            "dropout": 0.0,
            "activation": "gelu",
            "causal": autoregressive,
            "custom": False,
            "memory_efficient": True,
            "attention_as_float32": False,
            "cross_attention": True,
            "device": device,
            "dtype": dtype,
        }
        if autoregressive:
            model = lm.LMModel(cfg_coef=3.0, **shape)
        else:
            model = magnet.MagnetLMModel(
                subcodes_context=spec.subcodes_context,
                compression_model_framerate=50,
                segment_duration=window_seconds,
                span_len=3,
                **shape,
            )
        self.model = model.to(device=device, dtype=dtype).eval()
        self.model.condition_provider.tokenize = lambda conditions: conditions
        self.model.condition_provider.forward = self._condition

    def _condition(self, conditions: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """The projected text for the first half of the rows, zeros for the null half."""
        weight = self.model.out_norm.weight
        text = self.text.to(weight.device, weight.dtype)
        states = torch.cat([text, torch.zeros_like(text)])
        return {"description": (states, states.new_ones(states.shape[:2]))}

    def load(self, network: Any) -> None:
        """Take over the weights of our network of the same shape."""
        state: dict[str, Tensor] = {}
        for name, tensor in network.state_dict().items():
            if name.startswith(("emb.", "linears.", "out_norm.")):
                state[name] = tensor
            elif name.startswith("layers."):
                name = "transformer." + name.replace("in_proj.weight", "in_proj_weight")
                if ".cross_attention." in name and "out_proj" not in name:
                    continue
                state[name] = tensor
        for i, layer in enumerate(network.layers):
            cross = layer.cross_attention
            name = f"transformer.layers.{i}.cross_attention.in_proj_weight"
            state[name] = torch.cat([cross.q_proj.weight, cross.kv_proj.weight])
        self.model.load_state_dict(state)

    @torch.inference_mode()
    def generate(self, text: Tensor, n_frames: int, **options: Any) -> Tensor:
        """Codes ``[B, K, T]`` for projected texts ``[B, L, dim]``, by its own loop."""
        self.text = text
        attributes = self._conditioners.ConditioningAttributes
        conditions = [attributes(text={"description": "a"}) for _ in range(len(text))]
        codes: Tensor = self.model.generate(
            conditions=conditions, max_gen_len=n_frames, use_sampling=True, **options
        )
        return codes
