"""Who may open the page."""

from __future__ import annotations

import pytest

from daw_bridge.page.access import MAX_WRONG, MAX_WRONG_IN_ALL, WINDOW_SECONDS, Access


@pytest.mark.parametrize(
    ("host", "here", "network"),
    [
        ("127.0.0.1:12180", True, True),
        ("localhost:12180", True, True),
        ("[::1]:12180", True, True),
        ("192.168.1.20:12180", False, True),
        ("studio.local:12180", False, True),
        ("STUDIO:12180", False, True),
        ("evil.example:12180", False, False),  # a name that somebody points at this computer
        ("127.0.0.1.evil.example", False, False),
        ("localhost.evil.example", False, False),
        ("", False, False),
        ("127.0.0.1:12180, evil.example", False, False),
        ("127.0.0.1; script-src *", False, False),
    ],
)
def test_a_page_answers_to_its_own_names_only(host, here, network):
    assert Access("", only_here=True, name="studio.home").knows_host(host) is here
    assert Access("x", only_here=False, name="studio.home").knows_host(host) is network


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://127.0.0.1:12180", True),
        ("https://127.0.0.1:12180", True),
        ("http://127.0.0.1:12181", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("file://127.0.0.1:12180", False),
    ],
)
def test_a_socket_is_opened_by_our_own_page_only(origin, same):
    assert Access("", only_here=True).is_same_origin(origin, "127.0.0.1:12180") is same


def test_without_a_token_everybody_here_comes_in():
    assert Access("", only_here=True).is_known("")


def test_the_cookie_outlives_a_restart_and_ends_with_the_token():
    before, after = Access("secret", only_here=False), Access("secret", only_here=False)
    assert after.is_known(before.cookie)
    assert "secret" not in before.cookie
    assert not Access("another", only_here=False).is_known(before.cookie)
    assert not after.is_known("")
    assert not after.is_known("ö")


def test_after_five_wrong_tokens_an_address_waits_a_minute_and_others_do_not():
    access = Access("secret", only_here=False)
    for second in range(MAX_WRONG):
        assert not access.must_wait("10.0.0.9", second)
        assert not access.is_token("wrong", "10.0.0.9", second)
    assert access.must_wait("10.0.0.9", MAX_WRONG)
    assert not access.must_wait("10.0.0.1", MAX_WRONG)
    assert not access.must_wait("10.0.0.9", WINDOW_SECONDS + MAX_WRONG)


def test_many_addresses_together_are_slowed_down_too():
    access = Access("secret", only_here=False)
    for number in range(MAX_WRONG_IN_ALL):
        access.is_token("wrong", f"10.0.0.{number}", 1.0)
    assert access.must_wait("10.0.1.1", 2.0)


def test_the_right_token_is_never_counted():
    access = Access("secret", only_here=False)
    assert all(access.is_token("secret", "10.0.0.9", 1.0) for _ in range(100))
    assert not access.must_wait("10.0.0.9", 1.0)
