"""A monome grid plays a live set, through a stand-in of serialosc on real ports."""

from __future__ import annotations

import asyncio

import pytest

from daw_bridge.grid.keys import DECK_ROWS, keys
from daw_bridge.grid.surface import grid_surface
from osc_server.contract.addresses import fader_row
from osc_server.contract.faders import read_fader
from tests.daw_bridge.grid.serialosc import Serialosc
from tests.daw_bridge.live.sets import BAR, play


class Played:
    """A set that is played from grids."""

    def __init__(self, live, serialosc, surface, said):
        self.live, self.serialosc, self.surface, self.said = live, serialosc, surface, said

    async def grid(self, **facts):
        """Plug one in, and wait until it is played."""
        grid = await self.serialosc.plug_in(**facts)
        await self.live.until(lambda: grid.name in self.surface.playing)
        return grid

    async def lit(self, grid, column, row, level):
        """Wait until a key is as bright as this."""
        await self.live.until(lambda: grid.lights[row][column] == level)


def played(talk, n_decks=2):
    """Run ``await talk(played)`` while serialosc runs."""

    async def run(live):
        serialosc = await Serialosc().start()
        said = []

        async def tick():
            for number in range(100_000):
                live.panel.tick(float(number))
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        calls = (live.panel.receive, live.panel.forget, n_decks, said.append)
        try:
            with grid_surface(*calls, port=serialosc.port.number) as surface:
                await asyncio.sleep(0)
                return await talk(Played(live, serialosc, surface, said))
        finally:
            ticking.cancel()
            serialosc.stop()

    return play(run, n_decks)


@pytest.mark.parametrize(("width", "height"), [(8, 8), (16, 8), (16, 16), (8, 16)])
def test_every_key_does_something_of_the_table(width, height):
    page = keys(width, height, n_decks=16)
    for (column, row), key in page.items():
        assert 0 <= column < width
        assert 0 <= row < height
        fader, _ = fader_row(key.address)
        fader_row(key.lamp)
        sent = key.press({})
        assert fader.role == "button" or read_fader(fader, [sent]) == sent


def test_a_column_is_a_deck_with_the_rows_of_pads():
    page = keys(8, 8, n_decks=8)
    for column in range(8):
        addresses = [page[column, row].address for row in range(8)]
        assert addresses == [f"/magnet/deck/{column + 1}/{name}" for name in DECK_ROWS]


def test_the_decks_beyond_the_eighth_lie_below():
    page = keys(16, 16, n_decks=10)
    assert page[0, 8].address == "/magnet/deck/9/launch"
    assert (2, 8) not in page
    assert page[8, 8].address == "/magnet/scene/9/launch"


def test_keys_that_have_no_deck_do_nothing():
    async def talk(played):
        grid = await played.grid()
        grid.key(5, 0)
        grid.key(0, 7)  # the mute of deck 1, to see that the first was dealt with
        await played.lit(grid, 0, 7, 15)
        return played.said, grid.lights[0][5]

    said, light = played(talk)
    assert len(said) == 1  # that it plays
    assert light == 0


def test_a_grid_launches_a_take_and_shows_the_state():
    async def talk(played):
        live, grid = played.live, await played.grid()
        live.send("deck/1/prompt", "warm pad")
        live.send("deck/1/hold", 1)
        grid.key(0, 2)  # generate
        await live.until(lambda: live.made)
        await played.lit(grid, 0, 2, 15)  # it is being made
        await live.deliver(1, 0.5)
        grid.key(0, 0)  # launch
        await played.lit(grid, 0, 0, 10)  # cued
        live.hear(BAR)
        await played.lit(grid, 0, 0, 15)  # plays
        grid.key(0, 1)  # stop
        await played.lit(grid, 0, 0, 6)  # fades
        return live.asked[0].prompt

    assert played(talk) == "warm pad"


def test_a_switch_turns_over_whoever_set_it():
    async def talk(played):
        grid = await played.grid()
        played.live.send("deck/2/mute", 1)
        await played.lit(grid, 1, 7, 15)
        grid.key(1, 7)
        await played.lit(grid, 1, 7, 3)
        return played.live.ask("deck/2/mute")

    assert played(talk) == 0


def test_the_right_half_has_solos_scenes_and_the_quantum():
    async def talk(played):
        live, grid = played.live, await played.grid()
        grid.key(15, 7)  # 4 bars
        await played.lit(grid, 15, 7, 15)
        grid.key(8, 2)  # solo of deck 1
        await played.lit(grid, 8, 2, 15)
        await live.take(1, 0.5)
        live.hear(BAR * 4)
        grid.key(10, 1)  # store scene 3
        await played.lit(grid, 10, 1, 15)
        return live.ask("clock/quantum"), live.ask("deck/1/solo"), sorted(live.live.scenes)

    assert played(talk) == ("4 bars", 1, [3])


def test_lights_are_told_only_where_they_change():
    async def talk(played):
        grid = await played.grid()
        await asyncio.sleep(0.2)
        before = grid.n_maps
        played.live.send("deck/1/level", -3)  # no light shows it
        await asyncio.sleep(0.2)
        return grid.n_maps - before

    assert played(talk) == 0


def test_a_grid_that_is_pulled_out_comes_back():
    async def talk(played):
        await played.grid()
        played.serialosc.pull_out("m0000001")
        await played.live.until(lambda: not played.surface.playing)
        again = await played.grid()
        again.key(0, 7)
        await played.lit(again, 0, 7, 15)
        return [line.split(" ")[-2:] for line in played.said]

    assert played(talk) == [["8", "keys"], ["is", "back"], ["8", "keys"]]


def test_two_grids_play_at_once():
    async def talk(played):
        one = await played.grid()
        other = await played.grid(name="m64", width=8, height=8, kind="monome 64")
        other.key(1, 7)
        await played.lit(one, 1, 7, 15)
        await played.lit(other, 1, 7, 15)
        return played.surface.playing

    assert played(talk) == ("m0000001", "m64")


def test_a_grid_that_another_program_takes_is_left_to_it():
    async def talk(played):
        grid = await played.grid()
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        grid._hear("/sys/port", (other.get_extra_info("sockname")[1],))
        await played.live.until(lambda: not played.surface.playing)
        await asyncio.sleep(2.2)  # it is listed again, and not taken back
        other.close()
        return played.surface.playing, played.said[-1]

    playing, said = played(talk)
    assert playing == ()
    assert "another program took the grid m0000001" in said


def test_an_arc_is_left_alone():
    async def talk(played):
        await played.serialosc.plug_in(name="m-arc", width=0, height=0, kind="monome arc 4")
        await played.grid()
        return played.surface.playing

    assert played(talk) == ("m0000001",)


def test_at_the_end_a_grid_is_dark():
    grids = []

    async def talk(played):
        grid = await played.grid()
        played.live.send("deck/1/mute", 1)
        await played.lit(grid, 0, 7, 15)
        played.surface.close()
        await played.live.until(lambda: not any(map(any, grid.lights)))
        grids.append(grid)

    played(talk)
    assert len(grids) == 1


def test_without_serialosc_nothing_happens_and_it_may_come_later():
    async def run(live):
        said = []
        calls = (live.panel.receive, live.panel.forget, 2, said.append)
        with grid_surface(*calls, port=9):  # the discard port: nobody listens
            await asyncio.sleep(0.1)
        return said

    assert play(run) == []


@pytest.mark.parametrize("junk", [b"", b"junk", b"/serialosc/device\0\0\0,s\0\0m1\0\0"])
def test_what_is_no_answer_of_serialosc_is_passed_over(junk):
    async def talk(played):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.05)
        ports = {port for _, port in played.serialosc.asked}
        sender, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        for port in ports:
            sender.sendto(junk, ("127.0.0.1", port))
        sender.close()
        await played.grid()
        return played.surface.playing, len(ports)

    assert played(talk) == (("m0000001",), 1)
