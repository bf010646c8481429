"""The line that a musician types, from single keys."""

from __future__ import annotations

_ENTER = ("\r", "\n")
_BACKSPACE = ("\x7f", "\b")
_CLEAR_LINE = "\x15"  # Ctrl-U
_ESCAPE = "\x1b"


class LineEditor:
    """Collects keys into lines. Up and down walk through the lines before."""

    def __init__(self) -> None:
        self.text = ""
        """What is typed so far."""
        self._history: list[str] = []
        self._place = 0
        self._escape = ""

    def feed(self, keys: str) -> list[str]:
        """Take keys; the lines that they finish."""
        lines = []
        for key in keys:
            if self._escape or key == _ESCAPE:
                self._take_escape(key)
            elif key in _ENTER:
                if line := self.text.strip():
                    lines.append(line)
                    self._history.append(line)
                self.text, self._place = "", len(self._history)
            elif key in _BACKSPACE:
                self.text = self.text[:-1]
            elif key == _CLEAR_LINE:
                self.text = ""
            elif key.isprintable():
                self.text += key
        return lines

    def _take_escape(self, key: str) -> None:
        """Arrow keys arrive as ESC [ A and ESC [ B; other such sequences do nothing."""
        self._escape += key
        if len(self._escape) == 2 and key not in "[O":
            self._escape = ""
        elif len(self._escape) > 2 and "@" <= key <= "~":
            self._walk({"A": -1, "B": 1}.get(key, 0))
            self._escape = ""

    def _walk(self, step: int) -> None:
        if not step or not self._history:
            return
        self._place = min(max(self._place + step, 0), len(self._history))
        at_end = self._place == len(self._history)
        self.text = "" if at_end else self._history[self._place]
