"""Ours and another Link library in one session; prints what each sees of the other.

Run in a network namespace of its own: Link speaks to every network it finds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aalink

from daw_bridge.clock.link import open_link
from daw_bridge.clock.steered_clock import SteeredClock
from osc_server.contract.musical_time import Meter

RATE_HZ = 48000
THEIRS, OURS, PROPOSED = 133.25, 97.0, 120.5


async def main() -> None:
    began = time.perf_counter()
    theirs = aalink.Link(THEIRS, asyncio.get_running_loop())
    theirs.quantum = 4
    theirs.enabled = True
    await asyncio.sleep(1)
    source = open_link(OURS)
    clock = SteeredClock(
        RATE_HZ, OURS, Meter(), lambda: int((time.perf_counter() - began) * RATE_HZ), (source,)
    )

    async def run(seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            clock.update(now := time.perf_counter())
            source.keep(clock.bpm, now)
            await asyncio.sleep(0.01)

    def off_ms() -> float:
        """Between two readings of ours lies theirs; the pair that lies closest counts."""
        found = []
        for _ in range(200):
            before = time.perf_counter()
            their_phase = theirs.phase
            after = time.perf_counter()
            sample = round(clock.time.sample_of((before + after) / 2))
            phase = float(clock.grid.phase_at(clock.beat_at(sample)))
            off = (phase - their_phase + 2) % 4 - 2
            found.append((after - before, off * 60_000 / theirs.tempo))
        return min(found)[1]

    await run(6)
    seen = {
        "peers": source.peers,
        "leader": clock.source,
        "their_bpm": theirs.tempo,
        "our_bpm": clock.bpm,
        "off_ms": [off_ms()],
    }
    for _ in range(10):
        await run(0.3)
        seen["off_ms"].append(off_ms())
    source.propose(PROPOSED)
    await run(2)
    seen |= {"their_bpm_then": theirs.tempo, "our_bpm_then": clock.bpm}
    source.close()
    sys.stdout.write(json.dumps(seen))


asyncio.run(main())
