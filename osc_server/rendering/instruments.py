"""Which instrument a request plays: from a request to a piece."""

from __future__ import annotations

from dataclasses import replace

from osc_server.contract.requests import Continue, GenerateClip, Infill, Vary
from osc_server.library.clips import ClipStore
from osc_server.rendering.closing import close_loop
from osc_server.rendering.continuing import continue_source
from osc_server.rendering.generating import generate
from osc_server.rendering.infilling import infill
from osc_server.rendering.inheriting import inherit
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Engine
from osc_server.rendering.planning import check_request
from osc_server.rendering.source import read_source
from osc_server.rendering.varying import vary_source


def lay_out(request: GenerateClip, engine: Engine, store: ClipStore) -> Piece:
    """Lay a request out for an engine, reading what it starts from.

    Raises:
        BadRequest: it does not fit the model, or its source cannot be started from.
        ModelUnavailable: it needs a companion that the model does not have.
        StorageFailed: a clip of the store is damaged.
    """
    check_request(request, engine.info)
    if request.start is None:
        return generate(request, engine)
    source = read_source(request.start.clip, store)
    request, notes = inherit(request, source)
    if isinstance(request.start, Continue):
        piece = continue_source(request, source, engine)
    elif isinstance(request.start, Infill):
        piece = infill(request, source, engine)
    elif isinstance(request.start, Vary):
        piece = vary_source(request, source, engine)
    else:
        piece = close_loop(request, source, engine)
    return replace(piece, notes=notes + piece.notes)
