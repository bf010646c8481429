"""A Link peer of another library than ours, told by lines.

Run in a network of its own: Link speaks to every network it finds. A number is a tempo that it sets
for everybody; each line is answered with how many peers it sees, and the session's tempo.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aalink


async def main(bpm: float) -> None:
    loop = asyncio.get_running_loop()
    link = aalink.Link(bpm, loop)
    link.quantum = 4
    link.enabled = True
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip():
            link.tempo = float(line)
            await asyncio.sleep(0.5)
        sys.stdout.write(json.dumps([link.num_peers, link.tempo]) + "\n")
        sys.stdout.flush()
    link.enabled = False


asyncio.run(main(float(sys.argv[1])))
