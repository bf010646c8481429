"""Put what was measured together: ``benchmarks/results.json`` and ``docs/performance.md``.

    python benchmarks/report.py

Reads what ``cpu.py``, ``embedded_server.py`` and ``gpu.py`` have written beside it. What is not there is kept from the last
report, because a GPU is seldom where the report is written; what never was there is "not measured".
"""

# ruff: noqa: E501 - lines of the page are as long as the page's

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "performance.md"
NOT_MEASURED = "not measured"
GOALS = {"float32": 1.1, "int8": 4.0}

SERVER_ROWS = (
    ("until `ready`, s", "ready_s", ""),
    ("RTF", "rtf", "≤ 0.25"),
    ("until `preview`, s", "preview_s", "≤ 0.5"),
    ("processor, s", "processor_s", ""),
)

Record = dict[str, Any]


def main() -> int:
    """Merge and write."""
    results: Record = {}
    if RESULTS.is_file():
        results = json.loads(RESULTS.read_text("utf-8"))
    for part in ("cpu", "server", "gpu"):
        path = HERE / f"results-{part}.json"
        if path.is_file():
            results[part] = json.loads(path.read_text("utf-8"))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(results), "utf-8")
    print(f"{RESULTS} and {PAGE} are written")
    return 0


def page(results: Record) -> str:
    """The page, in Markdown."""
    cpu, gpu = results.get("cpu", {}), results.get("gpu", {})
    sections: list[Callable[[], list[str]]] = [
        lambda: _introduction(cpu),
        lambda: _clips(cpu.get("clips")),
        lambda: _distance(cpu),
        lambda: _embedded(cpu.get("embedded")),
        lambda: _server(results.get("server")),
        lambda: _lengths(cpu.get("lengths")),
        lambda: _rival(cpu.get("autoregressive")),
        lambda: _gpu(gpu),
    ]
    return "\n".join(line for section in sections for line in section()) + "\n"


def _introduction(cpu: Record) -> list[str]:
    found = cpu.get("environment", {})
    return [
        "# Performance",
        "",
        "`make bench` measures all of this and writes this page (`benchmarks/report.py`) and `benchmarks/results.json`.",
        "Every comparison is a ratio within one run, with the contenders taking turns step by step. Weights are random",
        "where a shape is named: speed does not depend on them. Where audiocraft is compared with, its own network and",
        "its own loop run from a checkout (`AUDIOCRAFT=…`), with PyTorch's attention in place of xformers'.",
        "",
        f"CPU: {found.get('processor', NOT_MEASURED)}, {found.get('cores', '?')} cores, PyTorch "
        f"{found.get('torch', '?')}; bfloat16 {_yes(found.get('bfloat16'))}, int8 (VNNI) {_yes(found.get('int8'))}.",
        "",
    ]


def _clips(found: Record | None) -> list[str]:
    lines = ["## A 10 s clip of the small shape on a CPU", ""]
    if not found:
        return [*lines, NOT_MEASURED, ""]
    lines += [
        f"{found['frames']} frames, {'/'.join(map(str, found['steps']))} steps, {found['threads']} threads. "
        f"Load average at the end: {found['load_average']}.",
        "",
        "| | wall, s | processor, s | times faster than audiocraft (wall) | (processor time) | goal |",
        "|---|---|---|---|---|---|",
    ]
    theirs, ratios = found["audiocraft"], found.get("times_faster", {})
    if isinstance(theirs, dict):
        lines.append(f"| audiocraft, float32 | {theirs['wall_s']} | {theirs['cpu_s']} | 1 | 1 | |")
    else:
        lines.append(f"| audiocraft | {theirs} | | | | |")
    for precision in ("float32", "bfloat16", "int8"):
        row, ratio = found[precision], ratios.get(precision, {})
        goal = f"≥ {GOALS[precision]}" if precision in GOALS else ""
        lines.append(
            f"| {precision} | {row['wall_s']} | {row['cpu_s']} | {ratio.get('wall', NOT_MEASURED)} | "
            f"{ratio.get('cpu', NOT_MEASURED)} | {goal} |"
        )
    return [*lines, "", *_WHY, ""]


_WHY = [
    "What adds up: products in oneDNN's layout and, where asked, in bfloat16 or int8 (8-bit weights with a scale for each",
    "output, inputs with one for each frame); attention in bands after the first codebook; only what reaches a masked frame",
    "and has changed since the step before is computed again (`osc_server/magnet/reused.py`); keys and values of the words",
    "once a job; no null rows where guidance is 1; one head, for masked frames only; freed memory is kept. Float32 draws the",
    "same tokens as audiocraft (see the parity tests).",
]


def _distance(cpu: Record) -> list[str]:
    lines = [
        "## How far the rounded products are from float32",
        "",
        "On the same codes, at every stage and at three shares of masked frames, with guidance. The error is that of the",
        "guided logits relative to their deviation; tokens are drawn with the same randomness from both.",
        "",
        "| | logit error | same likeliest code | same token drawn |",
        "|---|---|---|---|",
    ]
    parts = {
        "small shape, random weights": cpu.get("distance"),
        "embedded model": (cpu.get("embedded") or {}).get("distance"),
    }
    for name, found in parts.items():
        for precision in ("bfloat16", "int8"):
            row = (found or {}).get(precision)
            if isinstance(row, dict):
                lines.append(
                    f"| {name}, {precision} | {row['logit_error']:.2%} | {row['same_argmax']:.1%} | "
                    f"{row['same_tokens']:.1%} |"
                )
            else:
                lines.append(f"| {name}, {precision} | {row or NOT_MEASURED} | | |")
    return [
        *lines,
        "",
        "`--precision auto` is therefore bfloat16 on a CPU that has it (the published models ran in half precision too), and",
        "float32 on one that has not; float32 and int8 are there for the asking.",
        "",
    ]


def _embedded(found: Record | None) -> list[str]:
    lines = ["## The embedded model: a loop of 8 s on a CPU", ""]
    if not found:
        return [*lines, NOT_MEASURED, ""]
    lines += [
        f"Steps {'/'.join(map(str, found['steps']))}, {found['threads']} threads, load average at the end "
        f"{found['load_average']}. Goals: RTF ≤ 0.25, first preview ≤ 0.5 s.",
        "",
        "| | loop, s | processor, s | RTF | first preview, s | of it and the loop, codec, s |",
        "|---|---|---|---|---|---|",
    ]
    for precision in ("float32", "bfloat16", "int8"):
        row = found[precision]
        lines.append(
            f"| {precision} | {row['wall_s']} | {row['cpu_s']} | {row['rtf']} | "
            f"{row['first_preview_s']} | {row['codec_s']} |"
        )
    return [*lines, ""]


def _pair(found: Record, key: str) -> str:
    """Median and least of what was measured, as two cells."""
    least = f"{key.removesuffix('_s')}_least{'_s' if key.endswith('_s') else ''}"
    return f"{found.get(key, NOT_MEASURED)} | {found.get(least, '')}"


def _server(found: Record | None) -> list[str]:
    lines = ["## The embedded model through the server", ""]
    if not found:
        return [*lines, f"{NOT_MEASURED}: `python benchmarks/embedded_server.py`", ""]
    lines += [
        "Loops of four bars at 120 BPM, from before `generate` is sent until the reply is there, everything included: queue, worker,",
        "drawing, codec, loudness, tempo, seam, files. Goals on two cores: RTF ≤ 0.25, first preview ≤ 0.5 s.",
        "",
        f"{found['processor_name']}, {found['cores']} cores, load average {found['load_average']} at the end of the loops: other programs "
        "were at work where that is above 2, and only",
        "slow it down, so beside the median of "
        f"{found['loops']} loops stands the least. Processor seconds are those of all the server's processes.",
        "",
        "| | median | least | in float32: median | least | goal |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {_pair(found, key)} | {_pair(found.get('float32', {}), key)} | {goal} |"
            for name, key, goal in SERVER_ROWS
        ),
        "",
        "Without `--precision` a CPU that has bfloat16 uses it; one that has not computes in float32.",
        "",
        "| deadline, ms | kept | until `ready`, s (median) |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row['deadline_ms']} | {row['kept']} of {row['tries']} | {row['ready_s'] or NOT_MEASURED} |"
        for row in found["deadlines"]
    ]
    least = found["least_kept_ms"]
    kept = (
        f"The least deadline that was kept each time: {least} ms."
        if least
        else "None was kept each time."
    )
    return [*lines, "", f"{kept} What cannot be kept is said in `accepted`.", ""]


def _lengths(found: Record | None) -> list[str]:
    lines = ["## Cost against length, on a CPU", ""]
    if not found:
        return [*lines, NOT_MEASURED, ""]
    tables = {name: rows for name, rows in found.items() if isinstance(rows, list)}
    frames = [row["frames"] for row in next(iter(tables.values()))]
    lines += [
        "Processor seconds for each second of audio, 20/10/10/10 steps without reuse between steps:",
        "",
        "| | " + " | ".join(f"T = {n}" for n in frames) + " | last ÷ first |",
        "|---|" + "---|" * (len(frames) + 1),
    ]
    for name, rows in tables.items():
        costs = [row["clip_cpu_s_per_audio_s"] for row in rows]
        cells = " | ".join(f"{cost:g}" for cost in costs)
        lines.append(f"| {name} | {cells} | {costs[-1] / costs[0]:.2f} |")
    return [
        *lines,
        "",
        "After the first codebook the cost is linear in the length. In the first one each frame attends to all, which is what",
        "keeps the last column from being 1.",
        "",
    ]


def _rival(found: Record | None) -> list[str]:
    lines = ["## Against an autoregressive model of the same shape, on a CPU", ""]
    if not found:
        return [*lines, NOT_MEASURED, ""]
    return [
        *lines,
        f"MusicGen's decoder in transformers: {found['wall_s']} s for 10 s, MAGNeT in float32 without reuse "
        f"{found['magnet_float32_wall_s']} s: {found['times_faster']} times as fast. A CPU computes what an autoregressive",
        "model leaves idle on a GPU, so there is little to gain from drawing in parallel; the advantage begins on a GPU.",
        "",
    ]


def _gpu(gpu: Record) -> list[str]:
    lines = ["## On a GPU", ""]
    if not gpu:
        return [
            *lines,
            "Not measured. `python benchmarks/gpu.py` measures it where there is one.",
            "",
        ]
    found = gpu["environment"]
    lines += [f"{found['device']}, PyTorch {found['torch']}, {found.get('dtype', '')}.", ""]
    lines += _gpu_clips(gpu) + _gpu_steps(gpu) + _gpu_crowd(gpu)
    if gpu.get("not_measured"):
        lines += ["Not measured:", ""]
        lines += [f"- {name}: {why.splitlines()[0]}" for name, why in gpu["not_measured"].items()]
        lines.append("")
    return lines


def _gpu_clips(gpu: Record) -> list[str]:
    lines = [
        "| 10 s clip, batch 1 | small | medium |",
        "|---|---|---|",
    ]
    rows = {
        "ours, ms": ("clip", "ms"),
        "goal, ms": ("clip", "goal_ms"),
        "until the codes of the first preview, ms": ("preview", "ms"),
        "ours with plain kernels, ms": ("plain_clip", "ms"),
        "ours with cuBLAS' own GELU, ms": ("fused_gelu_clip", "ms"),
        "audiocraft's MAGNeT, ms": ("audiocraft", "ms"),
        "audiocraft's MusicGen, ms": ("audiocraft_musicgen", "ms"),
        "transformers' MusicGen, ms": ("transformers_musicgen", "ms"),
        "peak memory, GiB": ("clip", "peak_gib"),
    }
    for title, (part, field) in rows.items():
        cells = [
            str(gpu.get(f"{part}_{name}", {}).get(field, NOT_MEASURED))
            for name in ("small", "medium")
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return [*lines, ""]


def _gpu_steps(gpu: Record) -> list[str]:
    lines: list[str] = []
    for name in ("small", "medium"):
        rows = gpu.get(f"steps_{name}", [])
        batches = sorted({row["batch"] for row in rows})
        lines += [
            f"Milliseconds of a guided step of {name}, first codebook / later ones:",
            "",
            "| T | " + " | ".join(f"batch {batch}" for batch in batches) + " |",
            "|---|" + "---|" * len(batches),
        ]
        for n_frames in sorted({row["frames"] for row in rows}):
            cells = [
                f"{row.get('first_ms', NOT_MEASURED)} / {row.get('later_ms', NOT_MEASURED)}"
                for row in rows
                if row["frames"] == n_frames
            ]
            lines.append(f"| {n_frames} | {' | '.join(cells)} |")
        lines.append("")
    return lines


def _gpu_crowd(gpu: Record) -> list[str]:
    lines = [
        "Small, 10 s, against batch size: MAGNeT, the same shape autoregressive launched kernel by kernel as it is shipped, and the",
        "same recorded as a CUDA graph, which is as fast as such a loop gets:",
        "",
        "| batch | MAGNeT, ms | clips/s | autoregressive, ms | clips/s | graphed, ms | clips/s | faster than it | than graphed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in gpu.get("crowd_small", []):
        cells = [str(row["batch"])]
        for way in ("magnet", "autoregressive", "autoregressive_graphed"):
            cells += [
                str(row.get(f"{way}_ms", NOT_MEASURED)),
                str(row.get(f"{way}_clips_per_second", "")),
            ]
        cells += [str(row.get("times_faster", "")), str(row.get("times_faster_than_graphed", ""))]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _yes(value: object) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(main())
