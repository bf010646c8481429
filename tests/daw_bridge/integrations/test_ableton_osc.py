"""Live's tempo reaches the bridge from AbletonOSC; AbletonOSC and the bridge are stood in for."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from daw_bridge.integrations.ableton_osc.relay import BEAT, PLAYING, TEMPO, Relay
from daw_bridge.server_process import free_port
from osc_server.contract.addresses import fader_row
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.packets import decode, encode

HERE = "127.0.0.1"
SECONDS = 10.0


@contextmanager
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HERE, 0))
        one.settimeout(SECONDS)
        yield one


def hear(one):
    (message,) = decode(one.recv(2048))
    return (message.address, *message.args)


@contextmanager
def relayed(*routes):
    """A relay between stand-ins: of AbletonOSC, and of the bridge."""
    with udp() as live, udp() as bridge:
        answer_port = free_port()
        relay = Relay(
            routes, bridge.getsockname()[1], live.getsockname()[1], answer_port=answer_port
        )
        try:
            yield relay, live, bridge, (HERE, answer_port)
        finally:
            relay.close()  # more than once is fine


def test_it_asks_live_to_tell_and_at_the_end_to_tell_no_more():
    with relayed(TEMPO, PLAYING) as (relay, live, _, answers):
        live.sendto(encode("/live/test", "ok"), answers)  # something comes: it need not wait
        relay.step()
        asked = [hear(live), hear(live)]
        relay.close()
        ended = [hear(live), hear(live)]
    assert asked == [("/live/song/start_listen/tempo",), ("/live/song/start_listen/is_playing",)]
    assert ended == [("/live/song/stop_listen/tempo",), ("/live/song/stop_listen/is_playing",)]


def test_the_tempo_of_live_becomes_the_tempo_of_the_bridge():
    with relayed(TEMPO) as (relay, live, bridge, answers):
        live.sendto(encode("/live/song/get/tempo", 126.5), answers)
        relay.step()
        assert hear(bridge) == ("/magnet/clock/bpm", 126.5)


def test_start_stop_and_beats_of_live_become_those_of_the_transport():
    with relayed(PLAYING, BEAT) as (relay, live, bridge, answers):
        for name, value in (("is_playing", 1), ("beat", 17), ("is_playing", 0)):
            live.sendto(encode(f"/live/song/get/{name}", value), answers)
            relay.step()
        assert [hear(bridge) for _ in range(3)] == [
            ("/magnet/clock/play", 1),
            ("/magnet/clock/beat", 17.0),
            ("/magnet/clock/stop", 1),
        ]


@pytest.mark.parametrize("route", [TEMPO, PLAYING, BEAT], ids=lambda route: route.name)
def test_what_it_tells_is_what_the_bridge_takes(route):
    for value in (0.0, 1.0):
        fader, _ = fader_row(route.to(value))
        assert fader.role != "readout"


@pytest.mark.parametrize(
    "packet",
    [b"junk", encode("/live/error", "no"), encode("/live/song/get/tempo"),
     encode("/live/song/get/tempo", "fast")],
)  # fmt: skip
def test_what_is_no_tempo_is_passed_over(packet):
    with relayed(TEMPO) as (relay, live, bridge, answers):
        live.sendto(packet, answers)
        relay.step()
        live.sendto(encode("/live/song/get/tempo", 100.0), answers)
        relay.step()
        assert hear(bridge) == ("/magnet/clock/bpm", 100.0)


def test_a_port_that_another_program_listens_on_is_said():
    with udp() as other, pytest.raises(DeviceUnavailable, match="another listens there"):
        Relay((TEMPO,), answer_port=other.getsockname()[1])
