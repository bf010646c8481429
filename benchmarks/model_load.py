"""Seconds and memory until a model of the official small shape is loaded, in a fresh process.

The weights are random, in the official format and of the published sizes: 420,371,456 numbers of
the network in half precision, 58,990,022 of the codec, and a T5 encoder as large as t5-base. They
are written into a temporary folder (1.5 GB) and loaded with the files in the disk cache, as after a
download, and the peak of the process's memory is read from the system.

    python benchmarks/model_load.py [--folder FOLDER] [--device cpu] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

NAME = "magnet-small-10secs"
TEXT_ENCODER = "t5-base"
DIM, N_HEADS, N_LAYERS, TEXT_DIM = 1024, 16, 24, 768
PROJECTION = "condition_provider.conditioners.description.output_proj."
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"


def main() -> None:
    """Make the model, load it in processes of its own, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="keep the weights here, and use them again")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(measure(asked.folder, asked.device)))
        return
    with tempfile.TemporaryDirectory(prefix="magnet-load-") as temporary:
        folder = asked.folder or Path(temporary)
        if not (folder / NAME / "state_dict.bin").is_file():
            write_models(folder)
        for _ in range(asked.repeats):
            print(describe(in_fresh_process(folder, asked.device)), flush=True)


def in_fresh_process(folder: Path, device: str) -> dict[str, float]:
    """What ``measure`` finds in a process that has loaded nothing before."""
    command = [sys.executable, __file__, "--child", "--folder", str(folder), "--device", device]
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}  # as the worker process has it
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(folder: Path, device: str) -> dict[str, float]:
    """Load once: seconds for the imports and for the load, bytes at the peak and afterwards."""
    began = time.perf_counter()
    from osc_server.magnet.engine import load_engine

    imported, imported_cpu = time.perf_counter(), time.process_time()
    bare = resident_bytes()
    engine = load_engine(NAME, models_folder=folder, device=device)
    loaded = time.perf_counter()
    return {
        "import_seconds": imported - began,
        "load_seconds": loaded - imported,
        "load_cpu_seconds": time.process_time() - imported_cpu,
        "peak_bytes": peak_bytes(),
        "bare_bytes": bare,
        "resident_bytes": resident_bytes(),
        "window_frames": engine.info.window_frames,
    }


def describe(found: dict[str, float]) -> str:
    """One line for people."""
    return (
        f"load {found['load_seconds']:.2f} s ({found['load_cpu_seconds']:.2f} s of CPU time) "
        f"after {found['import_seconds']:.2f} s to import torch, "
        f"peak {found['peak_bytes'] / 1e9:.2f} GB, "
        f"then {found['resident_bytes'] / 1e9:.2f} GB, before {found['bare_bytes'] / 1e9:.2f} GB"
    )


def peak_bytes() -> int:
    """The most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes() -> int:
    """Memory of its own that this process has now (Linux); files mapped from disk do not count."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["RssAnon"].split()[0]) * 1024


def write_models(folder: Path) -> None:
    """Write network, codec and text encoder, as they lie after a fetch."""
    place = folder / NAME
    place.mkdir(parents=True, exist_ok=True)
    save(place / "compression_state_dict.bin", codec_weights(), "compression", {})
    save(
        place / "state_dict.bin",
        network_weights(),
        "xp",
        {
            "transformer_lm": {
                "dim": DIM, "num_heads": N_HEADS, "num_layers": N_LAYERS, "card": 2048,
            },
            "conditioners": {"description": {"model": "t5", "t5": {"name": TEXT_ENCODER}}},
            "dataset": {"segment_duration": 10},
        },
    )  # fmt: skip
    write_text_encoder(folder / TEXT_ENCODER)


def save(path: Path, weights: dict[str, Tensor], kind: str, changes: dict[str, Any]) -> None:
    """A file in the official format; its xp.cfg is the golden one with some sections changed."""
    import torch
    import yaml

    golden = "state_dict.bin" if kind == "xp" else "compression_state_dict.bin"
    content = torch.load(GOLDEN / "checkpoint" / golden, weights_only=True)
    cfg = yaml.safe_load(content["xp.cfg"])
    if kind == "compression":
        cfg["seanet"] |= {"dimension": 128, "n_filters": 64}
        cfg["rvq"] |= {"bins": 2048}
    for section, values in changes.items():
        cfg[section] |= values
    torch.save({"best_state": weights, "xp.cfg": yaml.safe_dump(cfg), "version": "1"}, path)


def network_weights() -> dict[str, Tensor]:
    """Random numbers under the official names, in half precision as published."""
    import torch

    generator = torch.Generator().manual_seed(1)

    def drawn(*shape: int) -> Tensor:
        return (torch.randn(*shape, generator=generator) * shape[-1] ** -0.5).half()

    def norm(name: str) -> dict[str, Tensor]:
        return {f"{name}.weight": torch.ones(DIM).half(), f"{name}.bias": torch.zeros(DIM).half()}

    weights = {f"{PROJECTION}weight": drawn(DIM, TEXT_DIM), f"{PROJECTION}bias": drawn(DIM)}
    for k in range(4):
        weights[f"emb.{k}.weight"] = drawn(2049, DIM)
        weights[f"linears.{k}.weight"] = drawn(2048, DIM)
    for i in range(N_LAYERS):
        layer = f"transformer.layers.{i}."
        for attention in ("self_attn", "cross_attention"):
            weights[f"{layer}{attention}.in_proj_weight"] = drawn(3 * DIM, DIM)
            weights[f"{layer}{attention}.out_proj.weight"] = drawn(DIM, DIM)
        weights[f"{layer}linear1.weight"] = drawn(4 * DIM, DIM)
        weights[f"{layer}linear2.weight"] = drawn(DIM, 4 * DIM)
        for name in ("norm1", "norm_cross", "norm2"):
            weights |= norm(layer + name)
    return weights | norm("out_norm")


def codec_weights() -> dict[str, Tensor]:
    """A new EnCodec of the published shape under the official names."""
    from transformers import EncodecConfig, EncodecModel

    model = EncodecModel(
        EncodecConfig(
            sampling_rate=32000, num_filters=64, hidden_size=128, upsampling_ratios=[8, 5, 4, 4],
            codebook_size=2048, target_bandwidths=[2.2], use_causal_conv=False,
            use_conv_shortcut=False, num_residual_layers=1, pad_mode="constant",
        )
    )  # fmt: skip
    return {official(name): tensor.detach() for name, tensor in model.state_dict().items()}


def official(name: str) -> str:
    """What the official format calls a weight of transformers' EnCodec."""
    for theirs, ours in (
        ("coder.layers.", "coder.model."),
        ("quantizer.layers.", "quantizer.vq.layers."),
        (".codebook.", "._codebook."),
        (".parametrizations.weight.original0", ".weight_g"),
        (".parametrizations.weight.original1", ".weight_v"),
    ):
        name = name.replace(theirs, ours)
    for leaf in ("weight_g", "weight_v", "bias"):
        if name.endswith(f".conv.{leaf}"):
            stem = name.removesuffix(f".conv.{leaf}")
            transposed = stem.startswith("decoder") and stem.count(".") == 2 and is_upsampling(stem)
            return f"{stem}.convtr.convtr.{leaf}" if transposed else f"{stem}.conv.conv.{leaf}"
    return name


def is_upsampling(stem: str) -> bool:
    """Whether a decoder layer is one of its four transposed convolutions."""
    return int(stem.rsplit(".", 1)[1]) in (3, 6, 9, 12)


def write_text_encoder(folder: Path) -> None:
    """A random T5 of the size of t5-base, with the tokenizer of the golden data."""
    from transformers import T5Config, T5EncoderModel

    config = T5Config(d_model=TEXT_DIM, d_kv=64, d_ff=3072, num_layers=12, num_heads=12)
    T5EncoderModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(GOLDEN / "t5-tiny-rig" / name, folder / name)


if __name__ == "__main__":
    main()
