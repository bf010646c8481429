"""Live's tempo reaches the bridge from AbletonOSC; AbletonOSC and the bridge are stood in for."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from daw_bridge.integrations.ableton_osc.relay import BEAT, PLAYING, TEMPO, Relay, is_settable
from daw_bridge.server_process import free_port
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


def test_what_this_version_does_not_take_is_not_sent():
    routes = (PLAYING, BEAT, TEMPO)
    with relayed(*routes) as (relay, live, bridge, answers):
        told = [("is_playing", 1), ("is_playing", 0), ("beat", 17), ("tempo", 90.0)]
        for name, value in told:
            live.sendto(encode(f"/live/song/get/{name}", value), answers)
            relay.step()
        addresses = ["/magnet/clock/play", "/magnet/clock/stop", "/magnet/clock/beat"]
        for address in filter(is_settable, addresses):
            assert hear(bridge)[0] == address
        assert hear(bridge) == ("/magnet/clock/bpm", 90.0)


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
