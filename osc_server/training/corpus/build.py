"""Renders the corpus to disk, on all cores, and goes on where it was interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osc_server.training.corpus.render import CorpusClip, render_clip
from osc_server.training.corpus.revisions import SAMPLED, SHIPPED
from osc_server.training.corpus.soundfonts import find_soundfont, fingerprint, opened
from osc_server.training.corpus.spec import N_SAMPLES

CHUNK = 16
_CLIP_BYTES = 2 * N_SAMPLES

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Source:
    """What clips are made of: seeds from the first on, a revision, and the soundfont it needs."""

    first_seed: int
    revision: int
    soundfont: Path | None = None
    mark: str | None = None  # fingerprint of the soundfont


def build(
    folder: Path,
    first_seed: int,
    count: int,
    workers: int,
    revision: int = SHIPPED,
    soundfont: Path | None = None,
) -> None:
    """Render the clips of ``count`` seeds from ``first_seed`` into ``folder``.

    Writes ``audio.i16`` (int16 ``[count, 491520]``) and ``clips.jsonl`` (one object a clip, in
    order: index, seed, revision, kind, caption, bpm, meter, beats_per_bar, cycle_bars,
    cycle_samples, first_beat, key, parts; from revision 2 on also sounds and soundfont, the first
    digits of its SHA-256). Until the last clip is done both are called ``….part``;
    a chunk of 16 clips counts once its rows are written, so an interrupted build loses at most the
    chunks in flight. A larger ``count`` than before extends what is there. ``soundfont`` is where
    the sampled instruments lie; None looks in the usual places.

    Raises:
        ValueError: ``folder`` holds a corpus of other seeds, another revision or another soundfont,
            or count or workers isn't positive.
        SamplerUnavailable: the revision needs a soundfont or its player, which aren't there.
    """
    if count < 1 or workers < 1:
        raise ValueError(f"a corpus needs at least 1 clip and 1 worker, not {count} and {workers}")
    source = _source(first_seed, revision, soundfont)
    folder.mkdir(parents=True, exist_ok=True)
    audio, rows = folder / "audio.i16", folder / "clips.jsonl"
    audio_part, rows_part = folder / "audio.i16.part", folder / "clips.jsonl.part"
    if rows.exists() and audio.exists():
        done = _rows_done(rows, source)
        if done >= count:
            return
        # Taken back in this order, so that a stop in between leaves a state that is understood.
        os.replace(audio, audio_part)
        os.replace(rows, rows_part)
    elif rows.exists():
        os.replace(rows, rows_part)
    done = _rows_done(rows_part, source) if rows_part.exists() else 0
    if not audio_part.exists():
        if audio.exists():
            os.replace(audio, audio_part)
        else:
            done = 0
    _keep_lines(rows_part, done)
    with audio_part.open("ab") as file:
        file.truncate(count * _CLIP_BYTES)
    _render_all(audio_part, rows_part, (done, count), workers, source)
    os.replace(audio_part, audio)
    os.replace(rows_part, rows)


def _source(first_seed: int, revision: int, soundfont: Path | None) -> _Source:
    """Finds and tries the soundfont here, so that what is missing is said before any work."""
    if revision not in SAMPLED:
        return _Source(first_seed, revision)
    path = find_soundfont(soundfont).resolve()
    opened(path)
    return _Source(first_seed, revision, path, fingerprint(path))


def _rows_done(path: Path, source: _Source) -> int:
    """Whole rows at the start of ``path``; a torn last line isn't one."""
    done = 0
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        row = json.loads(line)
        # Rows from before there were revisions are of the first.
        made_of = (row["seed"], row.get("revision", SHIPPED), row.get("soundfont"))
        if made_of != (source.first_seed + done, source.revision, source.mark):
            raise ValueError(
                f"{path} was built from other seeds, another revision or another soundfont: choose "
                f"another folder or delete {path.parent}"
            )
        done += 1
    return done


def _keep_lines(path: Path, count: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(lines[:count]), encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def _render_all(
    audio: Path, rows: Path, span: tuple[int, int], workers: int, source: _Source
) -> None:
    done, count = span
    chunks = [range(start, min(start + CHUNK, count)) for start in range(done, count, CHUNK)]
    columns = (
        TextColumn("rendering the corpus"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns) as progress, rows.open("a", encoding="utf-8", newline="\n") as file:
        task = progress.add_task("clips", total=count, completed=done)
        for chunk_rows in _finished(partial(_render_chunk, audio, source), chunks, workers):
            file.write("".join(json.dumps(row) + "\n" for row in chunk_rows))
            file.flush()
            progress.advance(task, len(chunk_rows))


def _finished(render: partial[list[Row]], chunks: list[range], workers: int) -> Iterator[list[Row]]:
    if workers == 1 or len(chunks) < 2:
        yield from map(render, chunks)
        return
    with get_context("spawn").Pool(min(workers, len(chunks))) as pool:
        yield from pool.imap(render, chunks)


def _render_chunk(audio: Path, source: _Source, indices: range) -> list[Row]:
    """Render and write one chunk; returns its rows."""
    rows = []
    player = opened(source.soundfont) if source.soundfont else None
    with audio.open("r+b") as file:
        file.seek(indices.start * _CLIP_BYTES)
        for index in indices:
            clip = render_clip(source.first_seed + index, source.revision, player)
            file.write(np.round(clip.audio * 32767.0).astype("<i2").tobytes())
            rows.append(_row(index, clip, source.mark))
    return rows


def _row(index: int, clip: CorpusClip, soundfont: str | None) -> Row:
    row: Row = {
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
    if soundfont is not None:
        row |= {"sounds": [part.sound for part in clip.spec.parts], "soundfont": soundfont}
    return row
