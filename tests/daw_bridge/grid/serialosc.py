"""A stand-in of serialosc, as its protocol is documented: real ports, a real grid's manners."""

from __future__ import annotations

import asyncio

from osc_server.contract.packets import decode, encode

HERE = "127.0.0.1"


class _Port(asyncio.DatagramProtocol):
    def __init__(self, hear):
        self.hear = hear

    def connection_made(self, transport):
        self.transport = transport
        self.number = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data, addr):
        for message in decode(data):
            self.hear(message.address, message.args)

    def tell(self, host, port, address, *args):
        self.transport.sendto(encode(address, *args), (host, port))


async def _port(hear):
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: _Port(hear), local_addr=(HERE, 0))
    return protocol


class Grid:
    """A grid that is plugged in: where its keys go, and its lights."""

    def __init__(self, name, width, height, kind):
        self.name, self.width, self.height, self.kind = name, width, height, kind
        self.destination = (HERE, 13000)  # as a grid that nobody took
        self.prefix = "/monome"
        self.lights = [[0] * width for _ in range(height)]
        self.n_maps = 0

    async def plug_in(self):
        self.port = await _port(self._hear)

    def key(self, column, row):
        """Press a key, and let it go."""
        for down in (1, 0):
            self._tell(f"{self.prefix}/grid/key", column, row, down)

    def _hear(self, address, args):
        if address == "/sys/port":
            old = self.destination
            self.destination = (old[0], args[0])
            self.port.tell(*old, "/sys/port", args[0])
            self._tell("/sys/port", args[0])
        elif address == "/sys/host":
            self.destination = (args[0], self.destination[1])
        elif address == "/sys/prefix":
            self.prefix = args[0]
        elif address == "/sys/info":
            for name, values in (
                ("id", (self.name,)),
                ("size", (self.width, self.height)),
                ("host", (self.destination[0],)),
                ("port", (self.destination[1],)),
                ("prefix", (self.prefix,)),
                ("rotation", (0,)),
            ):
                self.port.tell(*args, f"/sys/{name}", *values)
        elif address == f"{self.prefix}/grid/led/all":
            self.lights = [[15 * args[0]] * self.width for _ in range(self.height)]
        elif address == f"{self.prefix}/grid/led/level/map":
            left, top, *levels = args
            assert left % 8 == top % 8 == 0
            assert len(levels) == 64
            assert all(0 <= level <= 15 for level in levels)
            self.n_maps += 1
            for index, level in enumerate(levels):
                self.lights[top + index // 8][left + index % 8] = level

    def _tell(self, address, *args):
        self.port.tell(*self.destination, address, *args)


class Serialosc:
    """The daemon: knows its grids, tells of each change once to whoever asked for it."""

    async def start(self):
        self.grids = {}
        self.asked = []
        self.port = await _port(self._hear)
        return self

    async def plug_in(self, name="m0000001", width=16, height=8, kind="monome 128"):
        grid = Grid(name, width, height, kind)
        await grid.plug_in()
        self.grids[name] = grid
        self._tell_once("/serialosc/add", grid)
        return grid

    def pull_out(self, name):
        grid = self.grids.pop(name)
        grid.port.transport.close()
        self._tell_once("/serialosc/remove", grid)

    def stop(self):
        self.port.transport.close()
        for grid in self.grids.values():
            grid.port.transport.close()

    def _hear(self, address, args):
        if address == "/serialosc/list":
            for grid in self.grids.values():
                told = (grid.name, grid.kind, grid.port.number)
                self.port.tell(*args, "/serialosc/device", *told)
        elif address == "/serialosc/notify":
            self.asked.append(args)

    def _tell_once(self, address, grid):
        asked, self.asked = self.asked, []
        for host, port in set(asked):
            self.port.tell(host, port, address, grid.name, grid.kind, grid.port.number)
