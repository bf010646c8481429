"""What is published: the official models and what they need, as known before any file is here.

Sizes follow from the published shapes (1024 wide and 24 layers deep, or 1536 and 48): half-
precision weights, and the codec in single precision.
"""

from __future__ import annotations

from dataclasses import dataclass

NON_COMMERCIAL = "CC-BY-NC 4.0"
LICENCE_SENTENCES = {
    NON_COMMERCIAL: (
        "Meta publishes these weights under CC-BY-NC 4.0: use them and what they make for what is "
        "not commercial, and name their source. By fetching them you accept that; the text is at "
        "creativecommons.org/licenses/by-nc/4.0"
    )
}
_PUBLISHER = "facebook/"
_SMALL_WEIGHTS, _MEDIUM_WEIGHTS = 420_371_456, 1_838_737_920
_CODEC_WEIGHTS = 58_990_022


@dataclass(frozen=True, slots=True)
class Published:
    """A published model that can be fetched.

    Attributes:
        name: the folder that it lies in, and what people call it.
        repository: where it is published on the hub.
        licence: of its weights.
        rate_hz: its own sample rate.
        window_seconds: the longest it makes at once.
        text_encoder: what it reads its words with.
        n_weights: numbers of its network.
    """

    name: str
    repository: str
    licence: str
    rate_hz: int
    window_seconds: float
    text_encoder: str
    n_weights: int
    codec_weights: int = _CODEC_WEIGHTS

    @property
    def size_bytes(self) -> int:
        """Of its two files: half-precision network, single-precision codec."""
        return 2 * self.n_weights + 4 * self.codec_weights


@dataclass(frozen=True, slots=True)
class Part:
    """What models need beside their own files, and what works with them.

    Attributes:
        name: the folder that it lies in.
        repository: where it is published on the hub.
        licence: of its weights.
        n_weights: numbers that are in memory when it is used.
    """

    name: str
    repository: str
    licence: str
    n_weights: int


def _music(size: str, seconds: int, n_weights: int) -> Published:
    name = f"magnet-{size}-{seconds}secs"
    return Published(name, _PUBLISHER + name, NON_COMMERCIAL, 32000, seconds, "t5-base", n_weights)


def _sound(size: str, n_weights: int, dim: int) -> Published:
    name = f"audio-magnet-{size}"
    wider = dim * (1024 - 768)  # t5-large has wider states
    return Published(
        name, _PUBLISHER + name, NON_COMMERCIAL, 16000, 10.0, "t5-large", n_weights + wider
    )


PUBLISHED = {
    model.name: model
    for model in (
        _music("small", 10, _SMALL_WEIGHTS),
        _music("medium", 10, _MEDIUM_WEIGHTS),
        _music("small", 30, _SMALL_WEIGHTS),
        _music("medium", 30, _MEDIUM_WEIGHTS),
        _sound("small", _SMALL_WEIGHTS, 1024),
        _sound("medium", _MEDIUM_WEIGHTS, 1536),
    )
}

PARTS = {
    part.name: part
    for part in (
        Part("t5-small", "google-t5/t5-small", "Apache 2.0", 35_330_816),
        Part("t5-base", "google-t5/t5-base", "Apache 2.0", 109_628_544),
        Part("t5-large", "google-t5/t5-large", "Apache 2.0", 334_939_648),
        Part("encodec_32khz", "facebook/encodec_32khz", NON_COMMERCIAL, _CODEC_WEIGHTS),
        Part("musicgen-small", "facebook/musicgen-small", NON_COMMERCIAL, 586_000_000),
        Part("musicgen-medium", "facebook/musicgen-medium", NON_COMMERCIAL, 2_000_000_000),
        Part("musicgen-large", "facebook/musicgen-large", NON_COMMERCIAL, 3_400_000_000),
    )
}
"""Text encoders, codecs, and the autoregressive models that write hints and rescore."""


def short_name(name: str) -> str:
    """``facebook/magnet-small-10secs`` and ``magnet-small-10secs`` alike as the latter."""
    return name.strip().rpartition("/")[2]
