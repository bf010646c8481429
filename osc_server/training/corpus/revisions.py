"""Which corpus: a revision is never changed once weights were made from it.

Revision 1 made the weights that ship. Revision 2 has more bars of three, swing that all parts
share, full mixes, and half of its parts played by sampled instruments, for which it needs a
soundfont; no weights were made from it yet.
"""

from __future__ import annotations

from osc_server.training.corpus.captions import caption
from osc_server.training.corpus.spec import ClipSpec, draw_spec
from osc_server.training.corpus.wide import REVISION, draw_wide_spec, wide_caption

SHIPPED = 1
"""Made the weights in ``osc_server/magnet/embedded``, which are measured on it too."""
LATEST = REVISION
SAMPLED = (REVISION,)
"""Revisions that cannot be rendered without a soundfont; their captions can."""


def draw(seed: int, revision: int = SHIPPED) -> ClipSpec:
    """The clip of ``seed`` in a revision.

    Raises:
        ValueError: there is no such revision.
    """
    if revision == SHIPPED:
        return draw_spec(seed)
    if revision == LATEST:
        return draw_wide_spec(seed)
    raise ValueError(f"there is no corpus revision {revision}: {SHIPPED} or {LATEST}")


def caption_of(spec: ClipSpec, number: int) -> str:
    """One of many captions of a clip, in the words of its revision."""
    return caption(spec, number) if spec.revision == SHIPPED else wide_caption(spec, number)
