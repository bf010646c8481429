"""Who may open the page: names that it is reached by, the token, the cookie that stands for it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections import OrderedDict, deque
from urllib.parse import urlsplit

MAX_WRONG = 5
"""Wrong tokens from one address within a minute; after them it has to wait."""
MAX_WRONG_IN_ALL = 50
"""The same from all addresses together."""
WINDOW_SECONDS = 60.0
_MOST_ADDRESSES = 1024
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]{1,253}))(?::\d{1,5})?")


class Access:
    """Decides, and keeps count of wrong tokens.

    Args:
        token: the shared secret; empty where none is needed.
        only_here: whether the page is reached from this computer alone.
        name: of this computer, by which others may reach it too.
    """

    def __init__(self, token: str, *, only_here: bool, name: str = "") -> None:
        self._token = token
        self._only_here = only_here
        self._names = {"localhost"}
        if not only_here and name:
            own = name.lower().rstrip(".")
            self._names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._wrong_in_all: deque[float] = deque(maxlen=MAX_WRONG_IN_ALL)

    @property
    def cookie(self) -> str:
        """What a browser that has shown the token brings with it; the same after a restart."""
        return hmac.new(self._token.encode(), b"magnet-bridge page", hashlib.sha256).hexdigest()

    def knows_host(self, host: str) -> bool:
        """Whether a ``Host`` header is one that this page is reached by.

        Names of the outside world that somebody points at this computer (DNS rebinding) are not;
        a bare address cannot be pointed anywhere.
        """
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        bare = (match[1] or match[2]).lower()
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            return bare in self._names
        return address.is_loopback or not self._only_here

    def is_same_origin(self, origin: str, host: str) -> bool:
        """Whether a WebSocket was opened by our own page: browsers always say whose page it was."""
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()

    def is_known(self, cookie: str) -> bool:
        """Whether a browser may come in: it brings the cookie, or none is needed."""
        return not self._token or hmac.compare_digest(cookie.encode(), self.cookie.encode())

    def must_wait(self, address: str, now_seconds: float) -> bool:
        """Whether this address, or all together, have shown too many wrong tokens lately."""
        wrong = self._wrong.get(address, deque())
        return any(
            len(times) == times.maxlen and now_seconds - times[0] < WINDOW_SECONDS
            for times in (wrong, self._wrong_in_all)
        )

    def is_token(self, token: str, address: str, now_seconds: float) -> bool:
        """Whether this is the token; a wrong one is counted.

        Args:
            token: as it was shown.
            address: whose it was.
            now_seconds: of any steady clock.
        """
        if hmac.compare_digest(token.encode(), self._token.encode()):
            return True
        times = self._wrong.setdefault(address, deque(maxlen=MAX_WRONG))
        times.append(now_seconds)
        self._wrong.move_to_end(address)
        self._wrong_in_all.append(now_seconds)
        if len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return False
