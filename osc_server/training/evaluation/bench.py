"""What an evaluation works with: the model, how much is measured, where, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch

from osc_server.magnet.protocols import Companion
from osc_server.rendering.plan import Engine
from osc_server.training.evaluation.settings import Settings

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a progress bar of (title, steps); what it yields is called with the steps just done."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Handed to all that gathers.

    Attributes:
        engine: the model.
        settings: how much is measured.
        cache: folder of what was learned and made, so that an interrupted run goes on.
        progress: told how far it is.
        device: where classifiers learn.
        workers: processes that render clips.
        batch: loops made at once.
        reader: the model's autoregressive companion, which judges seams too; None = it has none.
        explained: words of the terms that the model has synonyms for.
    """

    engine: Engine
    settings: Settings
    cache: Path
    progress: Progress
    device: torch.device
    workers: int = 1
    batch: int = 8
    reader: Companion | None = None
    explained: Collection[str] = ()
