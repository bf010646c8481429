"""One job from request to clips on disk: lay out, draw, finish, measure, rank, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from osc_server.contract.clip import ClipSidecar
from osc_server.contract.errors import OutOfMemory
from osc_server.contract.naming import clip_name
from osc_server.contract.requests import GenerateClip
from osc_server.library.clips import ClipStore
from osc_server.library.previews import PreviewStore
from osc_server.rendering.canvas import Canvas
from osc_server.rendering.drawing import Watch, derived_seed, draw, take_seeds
from osc_server.rendering.hybrid import begin_with_hint
from osc_server.rendering.instruments import lay_out
from osc_server.rendering.piece import Piece
from osc_server.rendering.plan import Codes, Decoded, Engine, OnPreview, OnStep, SecondsLeft
from osc_server.rendering.planning import hint_frames
from osc_server.rendering.progress import LastStep, Progress
from osc_server.rendering.rehearsal import Rehearsed, rehearse
from osc_server.rendering.seam_report import seam_perplexity
from osc_server.rendering.sidecars import Making, make_sidecar, words_of
from osc_server.rendering.takes import Take, finish_take, ranked, with_times
from osc_server.rendering.time_budget import FinishingTime

_FROM_A_SOURCE = 1000  # of derived seeds, far from those of takes and windows
_IN_TIME_SEEDS = 2000  # as far from both
_MORE_SEEDS = 2  # that are tried where a take's tempo cannot be conformed
_HINT_WEIGHT = 1.0  # of a hint's progress, against drawing's 1


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a renderer asks the time of.

    Attributes:
        seconds: a clock that only runs forward, to measure how long rendering took.
        utc: date and time in UTC, to name and date clips.
    """

    seconds: Callable[[], float]
    utc: Callable[[], datetime]


class Renderer:
    """Renders requests with one engine into one clips folder. Used by the worker process."""

    def __init__(
        self, engine: Engine, store: ClipStore, clocks: Clocks, versions: Mapping[str, str]
    ) -> None:
        """Args: ``versions`` of the product and of what computes, for the sidecars."""
        self._engine = engine
        self._store = store
        self._previews = PreviewStore(store.folder)
        self._clocks = clocks
        self._versions = versions
        self._finishing = FinishingTime()

    def render(
        self,
        request: GenerateClip,
        seed: int,
        on_step: OnStep,
        *,
        on_preview: OnPreview | None = None,
        seconds_left: SecondsLeft | None = None,
    ) -> tuple[ClipSidecar, ...]:
        """Make a clip and write it; returns the sidecars of all takes, the best first.

        Args:
            request: its preset already applied; a path that it starts from is allowed.
            seed: to draw from; the same request and seed give the same codes.
            on_step: told of each step; raises Cancelled to stop the job, also after the last step.
            on_preview: told once the first codebook can be heard.
            seconds_left: seconds until the clip must be on disk.

        Raises:
            BadRequest: where the request does not fit the model, or its source is of no use.
            ModelUnavailable: where it needs a companion that the model does not have.
            GenerationFailed: where the model returns what is not audio.
            StorageFailed: where the clip cannot be written.
        """
        begun, created = self._clocks.seconds(), self._clocks.utc()
        self._previews.sweep()
        steps = LastStep(on_step)
        piece = lay_out(request, self._engine, self._store)
        clip_id = self._new_id(piece, seed, created)
        preview = _Previewing(self._previews, clip_id, piece, on_preview)
        try:
            seeds = take_seeds(seed, request.takes)
            watch = Watch(steps, preview.on_coarse if on_preview else None, seconds_left)
            decoded, notes = self._draw(piece, seeds, watch, preview)
            drawn = self._clocks.seconds()
            takes = [finish_take(piece, *drawing) for drawing in zip(seeds, decoded, strict=True)]
            finished = self._clocks.seconds()
            if seconds_left is None and on_preview is None:
                # A preview is a promise of the same music, and a deadline leaves no time.
                takes = self._in_time(piece, takes, steps, preview)
            takes = ranked(takes)
            perplexity = self._perplexity(takes[0]) if seconds_left is None else 0.0
            steps.again()
            now = self._clocks.seconds()
            seconds = takes[0].measured.seconds * len(takes)
            timed = [
                with_times(take, (now - begun) / seconds, perplexity if i == 0 else 0.0)
                for i, take in enumerate(takes)
            ]
            sidecars = self._save(timed, notes, (preview.clip_id, seed), created)
        except BaseException:
            preview.discard()
            raise
        writing = self._clocks.seconds() - now
        self._finishing.learn(finished - drawn + writing, len(takes) * self._drawn_seconds(piece))
        return sidecars

    def rehearse(self, on_step: OnStep) -> Rehearsed:
        """Learn what this model's steps and finishing take; ``on_step`` may raise to end it."""
        return rehearse(self._engine, self._finishing, self._clocks.seconds, on_step)

    def _draw(
        self, piece: Piece, seeds: Sequence[int], watch: Watch, preview: _Previewing
    ) -> tuple[list[Decoded], tuple[str, ...]]:
        """Codes of all takes, and what is to be said about them together."""
        n_hint = hint_frames(piece.request, self._engine.info, piece.canvas.n_frames)
        progress = Progress(watch.on_step, [*[_HINT_WEIGHT] * (len(seeds) if n_hint else 0), 1.0])
        canvases: list[Canvas] = [piece.canvas] * len(seeds)
        if piece.source is not None:
            # With its source's own seed a clip would become what its source is.
            seeds = [derived_seed(seed, _FROM_A_SOURCE) for seed in seeds]
        notes: list[str] = []
        if n_hint:
            begun = [
                begin_with_hint(
                    self._engine, piece.request, piece.canvas, seed, n_hint, progress.phase()
                )
                for seed in seeds
            ]
            canvases = [hinted.canvas for hinted in begun]
            notes = [hinted.note for hinted in begun if hinted.note]
        left = self._finishing.before(
            watch.seconds_left, self._drawn_seconds(piece), lambda: len(seeds) + preview.is_due
        )
        watch = replace(watch, on_step=progress.phase(), seconds_left=left)
        return draw(self._engine, canvases, seeds, watch), tuple(dict.fromkeys(notes))

    def _in_time(
        self, piece: Piece, takes: Sequence[Take], steps: LastStep, preview: _Previewing
    ) -> list[Take]:
        """Takes whose tempo could not be conformed drawn again from other seeds, as far as needed.

        What is still off after that stays as it was first drawn.
        """
        watch = Watch(lambda done, of: steps.again())  # so that it can still be cancelled
        kept = list(takes)
        for attempt in range(1, _MORE_SEEDS + 1):
            off = [i for i, take in enumerate(kept) if take.off_bpm]
            if not off:
                break
            seeds = [derived_seed(takes[i].seed, _IN_TIME_SEEDS + attempt) for i in off]
            decoded, _ = self._draw(piece, seeds, watch, preview)
            for i, seed, drawn in zip(off, seeds, decoded, strict=True):
                again = finish_take(piece, seed, drawn)
                kept[i] = again if again.off_bpm == 0.0 else kept[i]
        return kept

    def _drawn_seconds(self, piece: Piece) -> float:
        """Of a take, with what it keeps: finishing decodes that too."""
        return piece.canvas.n_frames / self._engine.info.frame_rate

    def _perplexity(self, take: Take) -> float:
        """Of a loop's seam; 0 where it is not whole on the canvas, or there is no memory for it."""
        canvas, seam = take.piece.canvas, take.piece.seam_frame
        if seam is None or canvas.n_frames > self._engine.info.window_frames:
            return 0.0
        with suppress(OutOfMemory):
            return seam_perplexity(self._engine, take.decoded.codes, canvas, seam)
        return 0.0

    def _save(
        self,
        takes: Sequence[Take],
        notes: tuple[str, ...],
        named: tuple[str, int],
        created: datetime,
    ) -> tuple[ClipSidecar, ...]:
        """Write all takes, the best last, so that it is the newest of them.

        Args:
            takes: the best first.
            notes: what is said about all.
            named: the id that a preview was written under, and the seed that is in it.
            created: when.
        """
        first_id, seed = named
        words = words_of(takes[0].piece.canvas)
        unknown = self._engine.unknown_words(words)
        making = Making(self._engine.info, self._versions, created, unknown)
        sidecars = []
        for i, take in reversed(list(enumerate(takes))):
            is_first = i == 0 and take.seed == seed
            clip_id = first_id if is_first else self._new_id(take.piece, take.seed, created)
            sidecar = make_sidecar(take, clip_id, (i + 1, len(takes)), notes, making)
            self._store.save(
                sidecar,
                take.finished.audio if take.finished.exact is None else take.finished.exact,
                take.codes,
                subtype=take.finished.subtype,
            )
            sidecars.append(sidecar)
        return tuple(reversed(sidecars))

    def _new_id(self, piece: Piece, seed: int, created: datetime) -> str:
        request = piece.request
        name = clip_name(
            request.words,
            bars=float(piece.bars),
            bpm=request.bpm,
            key=request.key,
            seed=seed,
            lane=request.lane,
        )
        return self._store.new_id(created, name)


class _Previewing:
    """Turns the first codebook of the first take into a file, and removes it where the job ends."""

    def __init__(
        self, store: PreviewStore, clip_id: str, piece: Piece, on_preview: OnPreview | None
    ) -> None:
        self.clip_id = clip_id
        self._store = store
        self._piece = piece
        self._on_preview = on_preview
        self._path: Path | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is still to be made."""
        return self._on_preview is not None and self._path is None

    def on_coarse(self, codes: Sequence[Codes]) -> None:
        if self._on_preview is None:
            return
        n_codebooks = codes[0].shape[0]
        audio = self._piece.finish(codes[0]).audio
        rate_hz = self._piece.request.rate_hz
        self._path = self._store.write(self.clip_id, audio, rate_hz, n_codebooks)
        self._on_preview(self._path, n_codebooks)

    def discard(self) -> None:
        """Remove the preview of a clip that will not come."""
        if self._path is not None:
            self._store.remove(self._path)
