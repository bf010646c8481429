"""What can be asked: one row an address."""

from __future__ import annotations

from dataclasses import replace

from osc_server.contract import requests
from osc_server.contract.clip_names import (
    CLOSE_LOOP,
    CONTINUE,
    DELIVERY,
    GENERATE,
    INFILL,
    RATE,
    VARY,
)
from osc_server.contract.parameters import Parameter
from osc_server.contract.row import Row

P = Parameter

ID = P("id", "id", "your own whole number or short text; every reply to it carries it")
_JOB = (
    *("accepted", "progress", "preview/audio", "preview", "audio", "take"),
    *("ready", "failed", "cancelled"),
)

REQUESTS = (
    Row(
        "/magnet/generate",
        requests.GenerateClip,
        "Make a clip from words, exactly as long as asked.",
        (ID,),
        GENERATE,
        _JOB,
    ),
    Row(
        "/magnet/continue",
        requests.GenerateClip,
        "Go on from a clip: only the new part comes back, on the bar.",
        (ID,),
        CONTINUE,
        _JOB,
        start=requests.Continue,
    ),
    Row(
        "/magnet/infill",
        requests.GenerateClip,
        "Make a part of a clip anew; outside of it every sample stays as it is.",
        (ID,),
        INFILL,
        _JOB,
        start=requests.Infill,
    ),
    Row(
        "/magnet/vary",
        requests.GenerateClip,
        "Make some of a clip anew: near to it, or far from it.",
        (ID,),
        VARY,
        _JOB,
        start=requests.Vary,
    ),
    Row(
        "/magnet/loop",
        requests.GenerateClip,
        "Close the seam of a clip: its end and its start are made anew to run into each other.",
        (ID,),
        CLOSE_LOOP,
        _JOB,
        start=requests.CloseLoop,
    ),
    Row(
        "/magnet/cancel",
        requests.Cancel,
        "Stop the job with this id, waiting or being rendered.",
        (ID,),
        (),
        ("cancelled", "failed"),
    ),
    Row("/magnet/ping", requests.Ping, "Is anybody there?", (ID,), (), ("pong",)),
    Row(
        "/magnet/sync",
        requests.Sync,
        "Answer once everything that you sent before is handled; jobs may still be waiting.",
        (ID,),
        (),
        ("synced",),
    ),
    Row(
        "/magnet/status",
        requests.Status,
        "What the server is doing.",
        (ID,),
        (),
        ("status/reply",),
    ),
    Row(
        "/magnet/notify",
        requests.Notify,
        "Send your replies to another port of your own host (UDP).",
        (ID,),
        (P("port", "integer", "UDP port; 0 = the one you send from", "", 0, 65535, required=True),),
        ("notified", "failed"),
    ),
    Row(
        "/magnet/hello",
        requests.Hello,
        "Show the token of a server that asks for one; once per sender.",
        (ID,),
        (P("token", "word", "the server's shared token"),),
        ("welcome", "failed"),
    ),
    Row(
        "/magnet/help",
        requests.Help,
        "Explain an address, or list them all.",
        (ID,),
        (P("topic", "word", "such as generate or /magnet/generate", default="all"),),
        ("help/line", "help/end"),
    ),
    Row(
        "/magnet/model/list",
        requests.ListModels,
        "Every model that can be loaded.",
        (ID,),
        (),
        ("model/item", "model/end", "failed"),
    ),
    Row(
        "/magnet/model/load",
        requests.LoadModel,
        "Make a model the current one.",
        (ID,),
        (P("model", "text", "its name or folder", required=True),),
        ("model/loaded", "failed"),
    ),
    Row(
        "/magnet/model/unload",
        requests.UnloadModel,
        "Free the memory of a model.",
        (ID,),
        (P("model", "text", "its name or folder", default="the current one"),),
        ("model/unloaded", "failed"),
    ),
    Row(
        "/magnet/model/fetch",
        requests.FetchModel,
        "Bring a model, and all that it needs, onto the server's disk; cancel stops it, and "
        "asking again goes on where it stopped.",
        (ID,),
        (P("model", "text", "such as magnet-small-10secs, or owner/name", required=True),),
        ("model/licence", "model/fetching", "model/fetched", "failed", "cancelled"),
    ),
    Row(
        "/magnet/preset/list",
        requests.ListPresets,
        "Every preset.",
        (ID,),
        (),
        ("preset/item", "preset/end", "failed"),
    ),
    Row(
        "/magnet/clip/list",
        requests.ListClips,
        "The clips on disk, the newest first.",
        (ID,),
        (P("limit", "integer", "at most this many", "clips", 1, 1000),),
        ("clip/item", "clip/end", "failed"),
    ),
    Row(
        "/magnet/clip/get",
        requests.GetClip,
        "One clip again, as when it was new, or at another rate.",
        (ID,),
        (
            P("clip", "word", "the clip's own id, as ready says it", required=True),
            replace(RATE, default="as the clip"),
            DELIVERY,
        ),
        ("audio", "ready", "failed"),
    ),
    Row(
        "/magnet/clip/landed",
        requests.Landed,
        "Keep with a clip where a host has put it, or why it could not.",
        (ID,),
        (
            P("clip", "word", "the clip's own id, as ready says it", required=True),
            P("place", "text", "where, in the host's own words, such as Drums, bar 5"),
            P("problem", "text", "why it could not be put there; left out where it was"),
        ),
        ("clip/noted", "failed"),
    ),
)
