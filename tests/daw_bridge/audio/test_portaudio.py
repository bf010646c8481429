"""Choosing a device, and what is said where that cannot be."""

from __future__ import annotations

import builtins
import sys

import pytest

from daw_bridge.audio.output import OutputSettings
from daw_bridge.audio.portaudio import SoundDevice, choose_device, load_sounddevice
from osc_server.contract.errors import DeviceUnavailable

DEVICES = [
    SoundDevice(0, "Built-in Output", "Core Audio", 2, 44100, True),
    SoundDevice(3, "Scarlett 4i4", "Core Audio", 4, 48000, False),
    SoundDevice(5, "Scarlett 4i4 Loopback", "ASIO", 2, 48000, False),
]


def choose(**settings):
    return choose_device(DEVICES, OutputSettings(**settings)).index


def test_nothing_said_means_the_default():
    assert choose() == 0


def test_a_part_of_the_name_is_enough():
    assert choose(device="loopback") == 5


def test_a_full_name_beats_a_longer_one_that_holds_it():
    assert choose(device="scarlett 4i4") == 3


def test_a_number_is_taken_from_the_table_of_devices():
    assert choose(device="3") == 3


def test_a_host_api_narrows_the_choice():
    assert choose(device="scarlett", host_api="asio") == 5


def test_a_name_that_fits_two_devices_is_asked_back():
    with pytest.raises(DeviceUnavailable, match=r"3 Scarlett.*5 Scarlett.*give the number"):
        choose(device="scarl")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"device": "Motu"}, "magnet-bridge devices"),
        ({"host_api": "jack"}, "there are: ASIO, Core Audio"),
        ({"channels": (3, 4)}, "has 2 outputs"),
    ],
)
def test_what_is_not_there_is_said(settings, sentence):
    with pytest.raises(DeviceUnavailable, match=sentence):
        choose(**settings)


def test_a_computer_without_sound_is_said_to_be_one():
    with pytest.raises(DeviceUnavailable, match="no sound device"):
        choose_device([], OutputSettings())


@pytest.mark.parametrize(
    ("platform", "remedy"),
    [("linux", "apt install libportaudio2"), ("darwin", "brew install portaudio")],
)
def test_a_missing_portaudio_names_what_to_install(monkeypatch, platform, remedy):
    real_import = builtins.__import__

    def without_portaudio(name, *args, **kwargs):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_portaudio)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(DeviceUnavailable, match=remedy):
        load_sounddevice()
