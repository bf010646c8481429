"""A clip from its seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osc_server.training.corpus.fluidsynth import FluidSynth
from osc_server.training.corpus.mixdown import mix_cycle
from osc_server.training.corpus.oscillators import Audio
from osc_server.training.corpus.revisions import SHIPPED, caption_of, draw
from osc_server.training.corpus.spec import N_SAMPLES, ClipSpec


@dataclass(frozen=True, slots=True)
class CorpusClip:
    """A finished clip of the corpus.

    Attributes:
        spec: what it was rendered from; ``revisions.caption_of`` makes further captions of it.
        audio: mono float32 ``[491520]`` at 32,000 Hz, within ±0.9, starting on a downbeat. It is
            its cycle of ``spec.cycle_samples`` samples, repeated (or cut, where that is longer).
        caption: one caption.
        first_beat: beat at sample 0.
    """

    spec: ClipSpec
    audio: Audio
    caption: str
    first_beat: float = 0.0

    @property
    def kind(self) -> str:
        """drums, bass, chords, pad, arp, melody, sfx or mix."""
        return self.spec.kind

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, exactly."""
        return self.spec.bpm

    @property
    def beats_per_bar(self) -> float:
        """Quarter notes a bar."""
        return self.spec.beats_per_bar

    @property
    def cycle_bars(self) -> int:
        """Bars after which the audio repeats."""
        return self.spec.cycle_bars

    @property
    def key(self) -> str:
        """``A minor``, or empty for drums and effects."""
        return self.spec.key

    @property
    def parts(self) -> tuple[str, ...]:
        """The kinds of its parts."""
        return tuple(part.kind for part in self.spec.parts)


def render_clip(
    seed: int, revision: int = SHIPPED, soundfont: FluidSynth | None = None
) -> CorpusClip:
    """Render the clip of ``seed`` in a revision of the corpus: the same in any process.

    Raises:
        SamplerUnavailable: see ``mix_cycle``.
    """
    spec = draw(seed, revision)
    cycle = mix_cycle(spec, soundfont)
    repeats = -(-N_SAMPLES // cycle.shape[0])
    audio = np.tile(cycle, repeats)[:N_SAMPLES]
    return CorpusClip(spec, np.asarray(audio, dtype=np.float32), caption_of(spec, seed))
