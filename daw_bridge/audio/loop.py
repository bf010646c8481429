"""The Loop record: audio at the device's rate, ready to be copied by a deck."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.errors import BadRequest

Block = NDArray[np.float32]
"""Audio ``[n_samples, n_channels]``, float32, -1..1."""

_LEAST_SAMPLES = 512


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Whole beats of audio with a closed seam.

    Attributes:
        name: what a musician knows it by.
        samples: ``[n_samples, n_channels]`` at the deck's rate.
        beats: its length in quarter notes, exact; a deck starts round k on the clock's beat
            ``origin + k * beats``, so that loops of any length stay together for hours.
        bpm: the tempo that its length was made for.

    Raises:
        BadRequest: where samples are not float32 audio, are fewer than 512, or hold infinity or
            not-a-number, which would be painful to hear.
    """

    name: str
    samples: Block
    beats: Fraction
    bpm: float

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32 or not self.samples.size:
            raise BadRequest(f"{self.name}: a loop is float32 audio [n_samples, n_channels]")
        if len(self.samples) < _LEAST_SAMPLES:
            raise BadRequest(
                f"{self.name}: {len(self.samples)} samples are too short to loop "
                f"(at least {_LEAST_SAMPLES})"
            )
        if not np.isfinite(self.samples).all():
            raise BadRequest(f"{self.name}: the audio holds infinity or not-a-number")
        if self.beats <= 0:
            raise BadRequest(f"{self.name}: a loop lasts more than 0 beats")

    @property
    def n_samples(self) -> int:
        """Samples in one round."""
        return len(self.samples)
