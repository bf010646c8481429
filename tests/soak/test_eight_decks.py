"""Eight decks for ten minutes, each asking for its next take all the time."""

from __future__ import annotations

import math
import os
import re
import time

import numpy as np
import pytest

from daw_bridge.client import MagnetClient
from tests.soak.stage import (
    BAR,
    BPM,
    CROSSFADE,
    N_DECKS,
    PROMPTS,
    Clip,
    Samples,
    Stage,
    busy_neighbour,
    clips_of_deck,
    heard_by_jack,
    places,
    playing_stage,
    soak_seconds,
)
from tests.tools import require_portaudio, running_jack
from tests.witness import watching_the_machine

pytestmark = [pytest.mark.soak, pytest.mark.jack]

MODEL = os.environ.get("MAGNET_SOAK_MODEL", "embedded")
SHORTEST_BARS = 8
BUSY = 0.6
"""How much of its time a machine may need for what is asked of it: no more can be promised."""
BAR_SECONDS = 1.0
N_FIRST = 2  # takes of a deck that are no deadline jobs yet: the one asked for by hand, the next


def test_eight_decks_stay_on_their_samples_while_every_take_has_its_deadline(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    require_portaudio()
    folder = tmp_path_factory.mktemp("soak")
    with (
        running_jack(folder, n_outputs=N_DECKS, patient=True) as jack,
        playing_stage(jack, folder, MODEL) as stage,
        busy_neighbour(),
        watching_the_machine() as witnesses,
        heard_by_jack(jack, folder / "heard.wav") as heard,
    ):
        every = bars_between_takes(stage)
        for deck, prompt in enumerate(PROMPTS, 1):
            stage.set(deck, prompt=prompt, bars=1, seed=deck * 10_000, every=every)
            stage.set(deck, generate=1)
            time.sleep(every * BAR_SECONDS / N_DECKS)  # decks do not ask in one voice
        time.sleep(soak_seconds())
        said = stage.program.text
        stage.end()
    decks = [clips_of_deck(folder, deck) for deck in range(1, N_DECKS + 1)]
    starts = [places(channel, clips) for channel, clips in zip(heard, decks, strict=True)]
    first = starts[0][0]
    for channel, clips, begun in zip(heard, decks, starts, strict=True):
        assert len(begun) >= len(clips) - 2  # the newest may not have had their bar yet
        assert {(start - first) % BAR for start in begun} == {0}
        assert_nothing_else_is_heard(channel, clips, begun)
    late = [gap for begun in starts for gap in np.diff(begun) if gap != every * BAR]
    jobs = sum(len(clips) - N_FIRST for clips in decks)
    cut = [clip.notes for clips in decks for clip in clips if "steps were left out" in clip.notes]
    underruns = re.findall(r"underruns +(\d+) \((\d+) ours\)", said)
    n_ours = int(underruns[-1][1]) if underruns else 0
    stalls_ms = sorted(witnesses.stalls_ms)
    print(f"\na take every {every} bars, {jobs} deadline jobs", end=", ")
    print(f"{len(cut)} with steps left out, {len(late)} late change-overs")
    print(f"{n_ours} late blocks; the machine stood still {len(stalls_ms)} times: {stalls_ms} ms")
    assert jobs >= 0.83 * N_DECKS * soak_seconds() / (every * BAR_SECONDS)
    assert late == []
    assert n_ours <= len(stalls_ms)  # where a core stands still for 10 ms, no program is in time


def bars_between_takes(stage: Stage) -> int:
    """As few as this machine keeps up with, measured beside all else that runs."""
    took = []
    with MagnetClient(port=stage.port) as magnet:
        for seed in range(5):
            begun = time.monotonic()
            magnet.generate(PROMPTS[seed], bars=1, bpm=BPM, seed=seed, model=MODEL)
            took.append(time.monotonic() - begun)
    needed = N_DECKS * float(np.median(took)) / BUSY
    return max(SHORTEST_BARS, math.ceil(needed / BAR_SECONDS))


def assert_nothing_else_is_heard(channel: Samples, clips: list[Clip], begun: list[int]) -> None:
    """Between two change-overs a deck plays its clip, bit for bit, round after round."""
    ends = [start - CROSSFADE for start in begun[1:]]
    for clip, start, end in zip(clips, begun, ends, strict=False):
        heard = channel[start:end]
        whole = np.resize(clip.samples, len(heard))
        differing = np.flatnonzero(heard != whole)
        assert not differing.size, (
            f"deck {clip.deck}, seed {clip.seed}: differs from {differing[0]}"
        )
