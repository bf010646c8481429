"""What the server answers, as records; one per reply address of the protocol."""

from __future__ import annotations

from dataclasses import dataclass

from osc_server.contract.requests import RequestId


@dataclass(frozen=True, slots=True)
class Accepted:
    """``/magnet/accepted id place eta notes``: queued; place 0 renders now, eta in seconds."""

    id: RequestId
    place: int
    eta_seconds: float
    notes: str = ""  # what can hardly be met


@dataclass(frozen=True, slots=True)
class Progress:
    """``/magnet/progress id fraction step steps eta``."""

    id: RequestId
    fraction: float
    step: int
    steps: int
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class Preview:
    """``/magnet/preview id path codebooks``: a first, coarse version of the clip can be heard."""

    id: RequestId
    path: str  # empty where its audio was streamed
    codebooks: int


@dataclass(frozen=True, slots=True)
class PreviewChunk:
    """``/magnet/preview/audio`` with these fields: float32 little-endian, interleaved."""

    id: RequestId
    index: int
    count: int
    rate_hz: int
    n_channels: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Take:
    """``/magnet/take`` with these fields in this order: one of several, the best first."""

    id: RequestId
    rank: int  # 1 = the best, which ready names too
    count: int
    clip: str
    path: str  # empty where the audio is streamed; clip/get brings it
    score: float  # 0..1
    bpm_measured: float
    seam: float
    confidence: float
    seed: int


@dataclass(frozen=True, slots=True)
class Ready:
    """``/magnet/ready`` with these fields as arguments, in this order."""

    id: RequestId
    clip: str
    path: str  # empty where the audio was streamed to a client that does not share the disk
    seconds: float
    bars: float
    bpm: float
    bpm_measured: float  # 0 where no beat was found
    seam: float  # jump at the loop's seam relative to the interior's typical jump; ~1 is inaudible
    lufs: float
    seed: int
    rate_hz: int
    rtf: float  # compute seconds per audio second
    notes: str = ""  # one sentence where something asked for could not be met
    seam_flux: float = 0.0  # as in Measured
    seam_perplexity: float = 0.0
    confidence: float = 0.0
    takes: int = 1
    tempo_confidence: float = 0.0  # as in Measured, as are the next two
    stretch: float = 1.0
    turned_beats: float = 0.0
    unknown_words: str = ""  # of the prompt, with spaces between them


@dataclass(frozen=True, slots=True)
class Failed:
    """``/magnet/failed id code text``."""

    id: RequestId
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CancelledReply:
    """``/magnet/cancelled id``."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """``/magnet/error text``: one line, for surfaces with one label."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """``/magnet/audio id index count blob``: float32 little-endian, interleaved."""

    id: RequestId
    index: int
    count: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """``/magnet/welcome id version``: the token was right; version of the protocol."""

    id: RequestId
    version: int = 1


@dataclass(frozen=True, slots=True)
class Notified:
    """``/magnet/notified id port``: replies go to this port from now on."""

    id: RequestId
    port: int


@dataclass(frozen=True, slots=True)
class Pong:
    """``/magnet/pong id``."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class Synced:
    """``/magnet/synced id``: everything that you sent before this is handled."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class StatusReply:
    """``/magnet/status/reply id name value …``: these fields as pairs of name and value."""

    id: RequestId
    model: str = ""  # empty where none is loaded
    device: str = ""  # cpu, cuda, mps
    state: str = "idle"  # loading, idle, rendering, restarting
    queue_length: int = 0  # jobs waiting
    jobs_done: int = 0
    version: str = ""  # of the product
    clips_folder: str = ""
    takes_tempo: bool = False
    uptime_seconds: float = 0.0
    malformed_packets: int = 0
    models_loaded: str = ""  # names of all that are in memory, with commas between
    memory_used_bytes: float = 0.0  # by the models, estimated
    memory_budget_bytes: float = 0.0  # that they may use together
    companion: str = ""  # what the current model writes hints and rescores with; empty for none


@dataclass(frozen=True, slots=True)
class HelpLine:
    """``/magnet/help/line id text``."""

    id: RequestId
    text: str


@dataclass(frozen=True, slots=True)
class HelpEnd:
    """``/magnet/help/end id count``."""

    id: RequestId
    count: int


@dataclass(frozen=True, slots=True)
class ModelItem:
    """``/magnet/model/item`` with these fields in this order."""

    id: RequestId
    name: str
    loaded: bool
    on_disk: bool
    licence: str
    rate_hz: int
    window_seconds: float
    takes_tempo: bool
    size_bytes: int  # crosses as a float, exact to 7 digits: it may pass 32 bits
    memory_bytes: int = 0  # that it takes when it is loaded, estimated
    missing: str = ""  # what it lacks, and the command that gets it; empty where it is complete


@dataclass(frozen=True, slots=True)
class ModelEnd:
    """``/magnet/model/end id count``."""

    id: RequestId
    count: int


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """``/magnet/model/loaded id name``: it is the current model now."""

    id: RequestId
    name: str


@dataclass(frozen=True, slots=True)
class ModelUnloaded:
    """``/magnet/model/unloaded id``: its memory is free; the next job that wants it loads it."""

    id: RequestId


@dataclass(frozen=True, slots=True)
class ModelLicence:
    """``/magnet/model/licence id name text``: said once, before the first such model is fetched."""

    id: RequestId
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelFetching:
    """``/magnet/model/fetching`` with these fields in this order."""

    id: RequestId
    name: str
    fraction: float
    received_bytes: int
    total_bytes: int
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class ModelFetched:
    """``/magnet/model/fetched id name``: all of it is on disk, and its checksums are right."""

    id: RequestId
    name: str


@dataclass(frozen=True, slots=True)
class PresetItem:
    """``/magnet/preset/item`` with these fields in this order."""

    id: RequestId
    name: str
    description: str
    prompt: str


@dataclass(frozen=True, slots=True)
class PresetEnd:
    """``/magnet/preset/end id count``."""

    id: RequestId
    count: int


@dataclass(frozen=True, slots=True)
class ClipItem:
    """``/magnet/clip/item`` with these fields in this order."""

    id: RequestId
    clip: str
    path: str
    prompt: str
    bars: float
    bpm: float
    seconds: float
    created: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class ClipEnd:
    """``/magnet/clip/end id count``."""

    id: RequestId
    count: int


@dataclass(frozen=True, slots=True)
class ClipNoted:
    """``/magnet/clip/noted id clip``: what was said about the clip is kept with it."""

    id: RequestId
    clip: str


Reply = (
    Accepted
    | Progress
    | Preview
    | PreviewChunk
    | Take
    | Ready
    | Failed
    | CancelledReply
    | ErrorLine
    | AudioChunk
    | Welcome
    | Notified
    | Pong
    | Synced
    | StatusReply
    | HelpLine
    | HelpEnd
    | ModelItem
    | ModelEnd
    | ModelLoaded
    | ModelUnloaded
    | ModelLicence
    | ModelFetching
    | ModelFetched
    | PresetItem
    | PresetEnd
    | ClipItem
    | ClipEnd
    | ClipNoted
)
