"""What is measured: a clip, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from osc_server.training.evaluation.spectra import Floats


@dataclass(frozen=True, slots=True)
class Specimen:
    """A clip of whole bars, and the truth about it.

    Attributes:
        audio: ``[n_samples]``, mono.
        rate_hz: its sample rate.
        kind: one of the seven kinds.
        prompt: the words that describe it.
        bpm: tempo it has or was asked to have.
        beats_per_bar: quarter notes in a bar.
        n_bars: whole bars in it.
        seed: what it was drawn from.
        loop: its end runs into its start.
        style: rhythm or playing style, where it is known.
        family: of the families of ``families``, or empty.
        key: that it has or was asked to have (``A minor``), or empty.
    """

    audio: Floats
    rate_hz: int
    kind: str
    prompt: str
    bpm: float
    n_bars: int
    seed: int
    beats_per_bar: float = 4.0
    loop: bool = True
    style: str = ""
    family: str = ""
    key: str = ""

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.audio) / self.rate_hz

    def with_audio(self, audio: Floats) -> Specimen:
        """The same truth about other audio, such as its copy through a codec."""
        return replace(self, audio=audio)
