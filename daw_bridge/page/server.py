"""Serves the page and its WebSockets, on the bridge's own event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from daw_bridge.page.access import WINDOW_SECONDS, Access
from daw_bridge.page.files import PageFile, version_of
from daw_bridge.page.port import HttpPort
from daw_bridge.page.socket import PageSocket

MAX_PAGES = 24
"""Open at once."""
_COOKIE_SECONDS = 30 * 24 * 3600
_MAX_FORM_BYTES = 4096

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Holds a port, and lets browsers in that may come in.

    Args:
        host: the address to listen on.
        port: the port to hold.
        access: decides who may.
        page: the page's files.
        make_socket: makes what handles a page's WebSocket.
    """

    def __init__(
        self,
        host: str,
        port: int,
        access: Access,
        page: Mapping[str, PageFile],
        make_socket: Callable[[], PageSocket],
    ) -> None:
        self._port = HttpPort((host, port), "page", "--page-port")
        self._access = access
        self._page = page
        self._etag = version_of(page)
        self._make_socket = make_socket
        self._open: set[PageSocket] = set()
        self._cookie = f"magnet-page-{port}"

    async def open(self) -> None:
        """Listen. Raises DeviceUnavailable where the port is taken."""
        application = web.Application(
            middlewares=[self._guard], client_max_size=_MAX_FORM_BYTES, handler_args={}
        )
        application.router.add_get("/", self._front)
        application.router.add_post("/token", self._token)
        application.router.add_get("/socket", self._socket)
        application.router.add_get("/static/{name}", self._static)
        await self._port.open(application)

    async def close(self) -> None:
        """Hang up on everybody; more than once is fine."""
        await asyncio.gather(*(socket.close() for socket in set(self._open)))
        await self._port.close()

    # Who may

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn away who calls us by another's name; give every answer its headers."""
        host = request.headers.get("Host", "")
        if not self._access.knows_host(host):
            return web.Response(
                status=421, text="this is not the name of this page: use its address\n"
            )
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(_headers(host))
            raise
        if not response.prepared:
            response.headers.update(_headers(host))
        return response

    def _is_known(self, request: web.Request) -> bool:
        return self._access.is_known(request.cookies.get(self._cookie, ""))

    def _judge(self, request: web.Request, token: str) -> web.Response | None:
        """The refusal of a token; None for the right one."""
        now_seconds, remote = time.monotonic(), request.remote or ""
        if self._access.must_wait(remote, now_seconds):
            answer = self._file("token.html", status=429)
            answer.headers["Retry-After"] = str(round(WINDOW_SECONDS))
            return answer
        if self._access.is_token(token, remote, now_seconds):
            return None
        return self._file("token.html", status=403)

    def _let_in(self, request: web.Request, response: web.Response) -> web.Response:
        response.set_cookie(
            self._cookie,
            self._access.cookie,
            max_age=_COOKIE_SECONDS,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
        return response

    # What is asked for

    async def _front(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("token")
        if self._is_known(request):
            return self._file("index.html")
        if token is None:
            return self._file("token.html", status=401)
        # Not by a redirect: after a link in somebody else's page it would not bring the cookie.
        refusal = self._judge(request, token)
        return refusal or self._let_in(request, self._file("index.html"))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        refusal = self._judge(request, str(form.get("token", "")))
        if refusal is not None:
            return refusal
        return self._let_in(request, web.Response(status=303, headers={"Location": "/"}))

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in self._page or name.endswith(".html"):
            raise web.HTTPNotFound
        if request.headers.get("If-None-Match") == f'"{self._etag}"':
            return web.Response(status=304, headers={"ETag": f'"{self._etag}"'})
        return self._file(name)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not self._access.is_same_origin(request.headers.get("Origin", ""), host):
            raise web.HTTPForbidden(text="only the page itself may open this\n")
        if not self._is_known(request):
            raise web.HTTPUnauthorized(text="this page needs the token\n")
        if len(self._open) >= MAX_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MAX_PAGES} pages are open already\n")
        socket = self._make_socket()
        self._open.add(socket)
        try:
            return await socket.run(request)
        finally:
            self._open.discard(socket)

    def _file(self, name: str, status: int = 200) -> web.Response:
        file = self._page[name]
        return web.Response(
            body=file.content,
            status=status,
            content_type=file.type,
            charset="utf-8",
            headers={"ETag": f'"{self._etag}"'} if status == 200 else {},
        )


def _headers(host: str) -> dict[str, str]:
    # Older Safari does not count WebSockets among 'self'. The host was judged before.
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
