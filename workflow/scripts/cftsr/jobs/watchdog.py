"""A limit on how long a process may take over one piece of work.

A hang may be in C code that holds Python's lock, where no thread and no signal handler of the process itself gets a
turn. So a small process of its own keeps the time: it is told of each piece of work over a pipe, and where one takes
too long it says so, in the log and on the terminal, and ends the process that hangs.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO

EXIT_SIGNAL = signal.SIGALRM  # by which an overdue process ends; a shell reports it as status 142
GRACE = 5.0  # seconds between the signal and SIGKILL


class Watchdog:
    """Ends this process where a piece of work takes longer than `seconds`; 0 for never.

    Time that the machine sleeps or the sweep is stopped (Ctrl-Z) does not count.

    log       where the message goes besides the terminal, and where in the program the process hung: a file with a
              descriptor; any other stream is left out
    lifeline  a descriptor at whose end of file this process is killed: whoever it works for is gone
    """

    def __init__(self, seconds: float, log: IO[str], lifeline: int | None = None):
        self._process = None
        if not seconds and lifeline is None:
            return
        try:
            descriptor = log.fileno()
        except (OSError, AttributeError, ValueError):
            descriptor = None
        if descriptor is not None:
            # The signal then prints the stack before it does what it does by default: end the process.
            faulthandler.register(EXIT_SIGNAL, file=descriptor, all_threads=True, chain=True)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(os.getpid()), repr(float(seconds or "inf")), str(lifeline)],
            stdin=subprocess.PIPE,
            pass_fds=() if lifeline is None else (lifeline,),
            stdout=descriptor if descriptor is not None else subprocess.DEVNULL,
        )

    def begin(self, message: str) -> None:
        """The next piece of work begins now; `message` is printed if it is not finished in time."""
        self._say({"message": message})

    def rest(self) -> None:
        """Nothing to watch until the next `begin`."""
        self._say({})

    def _say(self, line: dict) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(json.dumps(line).encode() + b"\n")
                self._process.stdin.flush()

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            faulthandler.unregister(EXIT_SIGNAL)
            self._process = None

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def watch(pid: int, seconds: float, lifeline: int | None = None) -> None:
    """What the small process does, until the other end of its standard input is closed: by `close`, or by death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; this one ends with the one that it watches
    tick = min(2.0, seconds / 10)
    watched = [0] if lifeline is None else [0, lifeline]
    message, spent, seen = None, 0.0, time.monotonic()
    pending = b""
    while True:
        ready, _, _ = select.select(watched, [], [], tick)
        now = time.monotonic()
        spent, seen = spent + min(now - seen, 2 * tick), now
        if lifeline in ready and not os.read(lifeline, 4096):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        if 0 in ready:
            received = os.read(0, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                message, spent = json.loads(line).get("message"), 0.0
        elif message is not None and spent >= seconds:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    print(f"error: {message}", file=stream, flush=True)
            _end(pid)
            return


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, EXIT_SIGNAL)
        ready, _, _ = select.select([0], [], [], GRACE)
        if not ready:
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    watch(int(sys.argv[1]), float(sys.argv[2]), None if sys.argv[3] == "None" else int(sys.argv[3]))
