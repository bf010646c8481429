"""Sources and regions as Ardour writes them into a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A mono file in the session's folder of recordings.

    Attributes:
        name: of the file.
        channel: of the piece of audio that it is one channel of, from 0.
    """

    name: str
    channel: int


@dataclass(frozen=True, slots=True)
class NewRegion:
    """A piece of audio on a track, from its beginning on.

    Attributes:
        name: as the musician sees it.
        position: sample of the session at which it begins.
        n_samples: how long it sounds.
    """

    name: str
    position: int
    n_samples: int


def source_xml(source: SourceFile, source_id: str) -> str:
    """A source; the channel is the one in its own file, which has one."""
    return _element(
        "Source",
        {
            "name": source.name, "take-id": "", "type": "audio", "flags": "", "id": source_id,
            "natural-position": "a0", "channel": "0", "origin": "", "gain": "1",
        },
    )  # fmt: skip


def region_xml(
    region: NewRegion,
    region_id: int,
    sources: Sequence[str],
    to_clock: int,
    *,
    layer: int | None = None,
) -> str:
    """A region.

    Args:
        region: where it lies.
        region_id: its own id in the session.
        sources: ids of its sources, one a channel.
        to_clock: superclocks in one sample of the session.
        layer: above so many others of its playlist; None for the one of the whole file, which
            is on no track.
    """
    whole = layer is None
    length = f"a{region.n_samples * to_clock}@a{region.position * to_clock}"
    attributes = {
        "name": region.name, "type": "audio", "id": str(region_id),
        "start": "a0", "length": length, "sync-position": "a0",
        "ancestral-start": "a0", "ancestral-length": "a0@a0", "stretch": "1", "shift": "1",
        "muted": "0", "opaque": "1", "locked": "0", "video-locked": "0",
        "automatic": "0", "whole-file": "1" if whole else "0", "import": "1", "external": "0",
        "sync-marked": "0", "left-of-split": "0", "right-of-split": "0", "hidden": "0",
        "position-locked": "0", "valid-transients": "0", "layering-index": str(layer or 0),
        "tags": "", "contents": "0", "envelope-active": "0",
        "default-fade-in": "0", "default-fade-out": "0",
        # A loop has a closed seam: Ardour's 64 samples of fade would make a dent in it.
        "fade-in-active": "0", "fade-out-active": "0",
        "scale-amplitude": "1", "first-edit": "nothing", "channels": str(len(sources)),
    }  # fmt: skip
    for index, source in enumerate(sources):
        attributes[f"source-{index}"] = attributes[f"master-source-{index}"] = source
    return _element("Region", attributes)


def _element(name: str, attributes: dict[str, str]) -> str:
    written = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name} {written}/>"
