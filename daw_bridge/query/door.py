"""Who may ask: the same rules as for the page, with the token as HTTP has it."""

from __future__ import annotations

import base64
import binascii
import time

from aiohttp import web

from daw_bridge.page.access import Access


def refusal(request: web.Request, rules: Access, *, needs_token: bool) -> web.Response | None:
    """Why somebody is turned away; None for who may come in."""
    host = request.headers.get("Host", "")
    if not rules.knows_host(host):
        return web.Response(status=421, text="this is not the name of this server\n")
    # Programs name no origin; a browser does, and a page of somebody else must not play the set.
    origin = request.headers.get("Origin", "")
    if origin and not rules.is_same_origin(origin, host):
        return web.Response(status=403, text="no page of another server may ask here\n")
    if not needs_token:
        return None
    now_seconds, remote = time.monotonic(), request.remote or ""
    if rules.must_wait(remote, now_seconds):
        return web.Response(status=429, text="too many wrong tokens: wait a minute\n")
    token = shown_token(request.headers.get("Authorization", ""))
    if token and rules.is_token(token, remote, now_seconds):
        return None
    return web.Response(
        status=401,
        text="this bridge asks for its token, as the password of any user name\n",
        headers={"WWW-Authenticate": 'Basic realm="magnet-bridge", charset="UTF-8"'},
    )


def shown_token(header: str) -> str:
    """The token in an ``Authorization`` header: a bearer's, or the password of any user."""
    scheme, _, shown = header.partition(" ")
    if scheme.lower() == "bearer":
        return shown.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(shown, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
