"""Beginning anew: the same program in the place of this one, for what only a new process can do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

RESUME = "--resume"
"""The flag, hidden, of a program that goes on where the one before it was."""
_FIRST_OF_LIBRARIES = 3
_MOST_FILES = 4096


def begin_anew(session: Path) -> NoReturn:
    """Run the command of this process again, with a live set to go on with; never returns.

    The terminal, its input and the process's number stay (on Windows there is no taking the place
    of a process, so this one waits for the other).

    Args:
        session: the file in which the set was saved.
    """
    arguments = sys.argv[1:]
    if RESUME in arguments:
        place = arguments.index(RESUME)
        del arguments[place : place + 2]
    command = [sys.executable, "-m", "daw_bridge.cli", *arguments, RESUME, str(session)]
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    # A JACK server waits in each cycle for a client whose socket is open and whom nobody serves.
    os.closerange(_FIRST_OF_LIBRARIES, _MOST_FILES)
    os.execv(sys.executable, command)
