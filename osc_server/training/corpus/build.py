"""Renders the corpus to disk, on all cores, and goes on where it was interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osc_server.training.corpus.render import CorpusClip, render_clip
from osc_server.training.corpus.revisions import SHIPPED
from osc_server.training.corpus.spec import N_SAMPLES

CHUNK = 16
_CLIP_BYTES = 2 * N_SAMPLES

Row = dict[str, object]


def build(folder: Path, first_seed: int, count: int, workers: int, revision: int = SHIPPED) -> None:
    """Render the clips of ``count`` seeds from ``first_seed`` into ``folder``.

    Writes ``audio.i16`` (int16 ``[count, 491520]``) and ``clips.jsonl`` (one object a clip, in
    order: index, seed, revision, kind, caption, bpm, meter, beats_per_bar, cycle_bars,
    cycle_samples, first_beat, key, parts). Until the last clip is done both are called ``….part``;
    a chunk of 16 clips counts once its rows are written, so an interrupted build loses at most the
    chunks in flight. A larger ``count`` than before extends what is there.

    Raises:
        ValueError: ``folder`` holds a corpus of other seeds or another revision, or count or
            workers isn't positive.
    """
    if count < 1 or workers < 1:
        raise ValueError(f"a corpus needs at least 1 clip and 1 worker, not {count} and {workers}")
    folder.mkdir(parents=True, exist_ok=True)
    audio, rows = folder / "audio.i16", folder / "clips.jsonl"
    audio_part, rows_part = folder / "audio.i16.part", folder / "clips.jsonl.part"
    if rows.exists() and audio.exists():
        done = _rows_done(rows, first_seed, revision)
        if done >= count:
            return
        # Taken back in this order, so that a stop in between leaves a state that is understood.
        os.replace(audio, audio_part)
        os.replace(rows, rows_part)
    elif rows.exists():
        os.replace(rows, rows_part)
    done = _rows_done(rows_part, first_seed, revision) if rows_part.exists() else 0
    if not audio_part.exists():
        if audio.exists():
            os.replace(audio, audio_part)
        else:
            done = 0
    _keep_lines(rows_part, done)
    with audio_part.open("ab") as file:
        file.truncate(count * _CLIP_BYTES)
    _render_all(audio_part, rows_part, (first_seed, done, count), workers, revision)
    os.replace(audio_part, audio)
    os.replace(rows_part, rows)


def _rows_done(path: Path, first_seed: int, revision: int) -> int:
    """Whole rows at the start of ``path``; a torn last line isn't one."""
    done = 0
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        row = json.loads(line)
        # Rows from before there were revisions are of the first.
        if (row["seed"], row.get("revision", SHIPPED)) != (first_seed + done, revision):
            raise ValueError(
                f"{path} was built from other seeds or another revision: choose another folder "
                f"or delete {path.parent}"
            )
        done += 1
    return done


def _keep_lines(path: Path, count: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(lines[:count]), encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def _render_all(
    audio: Path, rows: Path, span: tuple[int, int, int], workers: int, revision: int
) -> None:
    first_seed, done, count = span
    chunks = [range(start, min(start + CHUNK, count)) for start in range(done, count, CHUNK)]
    columns = (
        TextColumn("rendering the corpus"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns) as progress, rows.open("a", encoding="utf-8", newline="\n") as file:
        task = progress.add_task("clips", total=count, completed=done)
        for chunk_rows in _finished(
            partial(_render_chunk, audio, first_seed, revision), chunks, workers
        ):
            file.write("".join(json.dumps(row) + "\n" for row in chunk_rows))
            file.flush()
            progress.advance(task, len(chunk_rows))


def _finished(render: partial[list[Row]], chunks: list[range], workers: int) -> Iterator[list[Row]]:
    if workers == 1 or len(chunks) < 2:
        yield from map(render, chunks)
        return
    with get_context("spawn").Pool(min(workers, len(chunks))) as pool:
        yield from pool.imap(render, chunks)


def _render_chunk(audio: Path, first_seed: int, revision: int, indices: range) -> list[Row]:
    """Render and write one chunk; returns its rows."""
    rows = []
    with audio.open("r+b") as file:
        file.seek(indices.start * _CLIP_BYTES)
        for index in indices:
            clip = render_clip(first_seed + index, revision)
            file.write(np.round(clip.audio * 32767.0).astype("<i2").tobytes())
            rows.append(_row(index, clip))
    return rows


def _row(index: int, clip: CorpusClip) -> Row:
    return {
        "index": index,
        "seed": clip.spec.seed,
        "revision": clip.spec.revision,
        "kind": clip.kind,
        "caption": clip.caption,
        "bpm": clip.bpm,
        "meter": clip.spec.meter,
        "beats_per_bar": clip.beats_per_bar,
        "cycle_bars": clip.cycle_bars,
        "cycle_samples": clip.spec.cycle_samples,
        "first_beat": clip.first_beat,
        "key": clip.key,
        "parts": clip.parts,
    }
