"""A bridge that announces itself, and a browser of zeroconf's own beside it; run in a network of
their own. Prints what the browser saw, as JSON."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from daw_bridge.query.announcing import OSC, OSC_QUERY, announced, services

SECONDS = 20.0

BROWSER = """
import json, sys, time
from zeroconf import IPVersion, ServiceBrowser, ServiceListener, Zeroconf

class Listener(ServiceListener):
    def add_service(self, zc, type_, name):
        info = zc.get_service_info(type_, name, 5000)
        print(json.dumps(["added", type_, name, info.port, info.server, info.parsed_addresses()]),
              flush=True)
    def remove_service(self, zc, type_, name):
        print(json.dumps(["removed", type_, name]), flush=True)
    def update_service(self, zc, type_, name):
        pass

network = Zeroconf(interfaces=[sys.argv[1]])
ServiceBrowser(network, sys.argv[2:], Listener())
print(json.dumps(["looking"]), flush=True)
sys.stdin.read()
network.close()
"""


async def main(address: str) -> None:
    browser = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BROWSER, address, OSC, OSC_QUERY),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    async def read(n_lines: int) -> list[list[object]]:
        async with asyncio.timeout(SECONDS):
            return [json.loads(await browser.stdout.readline()) for _ in range(n_lines)]

    try:
        await read(1)
        async with announced(services("studio.home", address, 12100, 12181)):
            added = await read(2)
            async with announced(services("studio.home", address, 12102, 0)):
                twin = await read(1)
            twin += await read(1)
        gone = await read(2)
        seen = {"added": sorted(added), "twin": twin, "gone": sorted(gone)}
        sys.stdout.write(json.dumps(seen))
    finally:
        browser.stdin.close()
        await browser.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
