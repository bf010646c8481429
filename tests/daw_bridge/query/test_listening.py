"""OSCQuery's WebSockets: LISTEN, IGNORE, PATH_CHANGED, and OSC both ways."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from osc_server.contract.packets import MAX_PACKET_BYTES
from tests.daw_bridge.query.served import served

LEVEL = "/magnet/deck/1/level"


def test_who_listens_hears_how_it_stands_and_then_every_change():
    async def talk(asked):
        async with asked.socket() as ear:
            await ear.command("LISTEN", LEVEL)
            first = await ear.hear()
            asked.live.send("deck/1/level", -12)
            return first, await ear.hear()

    assert served(talk) == ((LEVEL, 0.0), (LEVEL, -12.0))


def test_who_does_not_listen_to_an_address_does_not_hear_it():
    async def talk(asked):
        async with asked.socket() as ear:
            await ear.command("LISTEN", LEVEL)
            await ear.hear()
            asked.live.send("deck/2/level", -3)
            asked.live.send("deck/1/level", -4)
            heard = await ear.hear()
            await ear.command("IGNORE", LEVEL)
            asked.live.send("deck/1/level", -5)
            await asyncio.sleep(0.1)
            await ear.send("/magnet/deck/1/mute")  # a question is answered all the same
            return heard, await ear.hear()

    assert served(talk) == ((LEVEL, -4.0), ("/magnet/deck/1/mute", 0))


def test_osc_from_a_client_plays_the_set():
    async def talk(asked):
        async with asked.socket() as ear:
            await ear.command("LISTEN", LEVEL)
            await ear.hear()
            await ear.send(LEVEL, 99.0)
            return await ear.hear(), asked.live.ask("deck/1/level")

    assert served(talk) == ((LEVEL, 12.0), 12.0)  # clipped, and told to who sent it too


def test_two_clients_hear_each_other():
    async def talk(asked):
        async with asked.socket() as one, asked.socket() as other:
            await other.command("LISTEN", LEVEL)
            await other.hear()
            await one.send(LEVEL, -6.0)
            return await other.hear()

    assert served(talk) == (LEVEL, -6.0)


def test_what_is_told_has_the_type_of_its_node():
    """A whole number of bars is still a float: surfaces look at the type that they were told."""

    async def talk(asked):
        async with asked.socket() as ear:
            await ear.command("LISTEN", "/magnet/deck/1/bars")
            _, value = await ear.hear()
            return type(value), value

    assert served(talk) == (float, 1.0)


def test_a_new_scene_beyond_those_that_are_shown_changes_the_tree():
    async def talk(asked):
        async with asked.socket() as ear:
            await asked.live.take(1, 0.5)
            asked.live.hear(96_000)
            asked.live.send("scene/3/store", 1)  # was there before it was stored
            asked.live.send("scene/9/store", 1)
            told = await ear.hear()
            return told, (await asked.get("/magnet/scene/9/launch?ACCESS"))[0]

    assert served(talk) == ({"COMMAND": "PATH_CHANGED", "DATA": "/magnet/scene"}, 200)


@pytest.mark.parametrize(
    "said",
    [
        '{"COMMAND": "LISTEN", "DATA": "/magnet/deck/9/level"}',
        '{"COMMAND": "LISTEN", "DATA": "/magnet/deck/1"}',
        '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "DANCE", "DATA": "/"}',
        "[" * 5000,
        "",
        "null",
        b"no osc",
        b"",
    ],
)
def test_nonsense_is_answered_and_the_conversation_goes_on(said):
    async def talk(asked):
        async with asked.socket() as ear:
            send = ear.socket.send_bytes if isinstance(said, bytes) else ear.socket.send_str
            await send(said)
            complaint, *_ = await ear.hear()
            await ear.command("LISTEN", LEVEL)
            return complaint, await ear.hear()

    assert served(talk) == ("/magnet/error", (LEVEL, 0.0))


def test_a_message_too_long_ends_that_client_alone():
    async def talk(asked):
        async with asked.socket() as long, asked.socket() as other:
            await long.socket.send_bytes(b"x" * (MAX_PACKET_BYTES + 1))
            closed = await long.socket.receive(timeout=10)
            await other.command("LISTEN", LEVEL)
            return closed.type, await other.hear()

    assert served(talk) == (aiohttp.WSMsgType.CLOSE, (LEVEL, 0.0))


def test_a_client_that_is_gone_is_no_surface_any_more():
    async def talk(asked):
        before = len(asked.live.panel._surfaces)
        async with asked.socket() as ear:
            await ear.command("LISTEN", LEVEL)
            await ear.hear()
            during = len(asked.live.panel._surfaces)
        await asked.live.until(lambda: len(asked.live.panel._surfaces) == before)
        return during - before

    assert served(talk) == 1


def test_without_the_token_no_socket_opens():
    async def talk(asked):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with asked.socket():
                pass
        async with asked.socket(Authorization="Bearer secret") as ear:
            await ear.command("LISTEN", LEVEL)
            return refused.value.status, await ear.hear()

    assert served(talk, token="secret") == (401, (LEVEL, 0.0))
