"""A process that fits cells one after the other, for an engine whose start is slow: Julia's costs more than most fits.

Each cell stays a job of its own, with its log, its cost and its failure. The job's process hands its request to a
worker and waits. Workers belong to one working folder, one environment and one submission of a cluster; each serves one
job at a time, is started by the first job that finds none idle, and ends when no job has come for a while, or after a
failure.

What a job may rely on: its fit is the same as in a process of its own; where the job dies, so does the worker (the
watchdog watches its connection); where the worker dies, the job says so, and the fit goes on from its last finished
chunk when the same command is given again.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from cftsr import provenance
from cftsr.errors import UserError
from cftsr.jobs.fit_cell import FitRequest, fit_cell
from cftsr.jobs.script import forgiving_stream, in_words

SCRIPTS = Path(__file__).parents[2]
# What decides whether two jobs may share a process. A job of a cluster ends with all its processes.
ENVIRONMENT = ("JULIA", "PYTHON", "OMP_", "OPENBLAS", "MKL", "SLURM_JOB_ID", "SLURM_STEP_ID", "PBS_JOBID", "LSB_JOBID")
LONGEST_PATH = 100  # of a socket: the system allows 107 bytes
START_SECONDS = 120.0  # for a worker to listen; it imports nothing heavy before
READY, MOST_BYTES = b"ready\n", 1 << 20


class EngineFaultError(Exception):
    """A fault of the program in the worker; its traceback is in the job's log."""


def fit_in_worker(request: FitRequest, log: int, idle_seconds: float) -> None:
    """Let a worker fit the cell, and wait.

    log            descriptor of the job's log: the worker writes there
    idle_seconds   how long a worker waits for the next request

    Raises what the fit raised: UserError, or EngineFaultError.
    """
    folder = _folder(request.engine)
    if folder is None:
        fit_cell(request)
        return
    with _slot(folder) as slot:
        answer = _ask(slot, request, log, idle_seconds)
    if answer is None:
        raise UserError(
            "the process that fitted this cell ended: a crash of the engine, out of memory, or a kill. The finished "
            f"chunks are kept in {request.workspace}. Run the same command again: it goes on from there. Its last "
            "words are in the log; if it was memory, give the job more, or lower rows or populations"
        )
    if "error" in answer:
        raise UserError(answer["error"])
    if "fault" in answer:
        raise EngineFaultError(answer["fault"])


def _folder(engine: str) -> Path | None:
    """The folder of the workers that may serve this process, for this user only; None if there can be none."""
    shared = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
    source = provenance.source_digest("jobs/worker.py", f"engines/{engine}/engine.py")
    key = provenance.digest(os.getcwd(), sys.executable, engine, source, sorted(shared.items()))[:16]
    folder = Path(tempfile.gettempdir(), f"cftsr-{os.geteuid()}", key)
    if len(str(folder)) > LONGEST_PATH - len("/999.socket"):
        return None
    try:
        for place in (folder.parent, folder):
            place.mkdir(mode=0o700, exist_ok=True)
            status = os.lstat(place)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
                return None
    except OSError:
        return None
    return folder


@contextmanager
def _slot(folder: Path) -> Iterator[Path]:
    """A worker's socket that no other job uses while the block runs; the lock goes with the process that holds it."""
    for number in count():
        descriptor = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield folder / f"{number}.socket"
        finally:
            os.close(descriptor)
        return


def _ask(path: Path, request: FitRequest, log: int, idle_seconds: float) -> dict[str, Any] | None:
    """The worker's answer; None where it died."""
    connection = _connected(path) or _started(path, log, idle_seconds)
    with connection:
        socket.send_fds(connection, [json.dumps(asdict(request)).encode() + b"\n"], [log])
        answer = b""
        with suppress(ConnectionResetError):
            while received := connection.recv(MOST_BYTES):
                answer += received
    return json.loads(answer) if answer.endswith(b"\n") else None


def _connected(path: Path) -> socket.socket | None:
    """A connection to a worker that is ready; None where none listens, or one is just ending."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with suppress(OSError):
        connection.connect(str(path))
        if connection.recv(len(READY)) == READY:
            return connection
    connection.close()
    return None


def _started(path: Path, log: int, idle_seconds: float) -> socket.socket:
    """Start a worker, in a session of its own: the next job must find it alive when this one is over."""
    paths = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", "cftsr.jobs.worker", str(path), repr(float(idle_seconds))],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = _connected(path)
        if connection is not None:
            return connection
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        process.kill()
    raise UserError("the process that fits cells could not be started; why is in the log")


# ---- the worker


def serve(path: Path, idle_seconds: float) -> None:
    """Fit what is requested until there is no request for `idle_seconds`, or a fit fails."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(idle_seconds)
        cpu_before = 0.0
        for fit in count(1):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                break
            with connection:
                if not _serve_one(connection, fit, cpu_before):
                    break
            cpu_before = time.process_time()
    path.unlink(missing_ok=True)


def _serve_one(connection: socket.socket, fit: int, cpu_before: float) -> bool:
    """Fit one cell and answer; whether this process is fit for another."""
    connection.settimeout(None)
    connection.sendall(READY)
    text, descriptors, _, _ = socket.recv_fds(connection, MOST_BYTES, 1)
    if not descriptors:
        return True  # somebody who looked whether we are alive
    while not text.endswith(b"\n"):
        text += connection.recv(MOST_BYTES)
    _write_to(descriptors[0])
    print(f"process {os.getpid()}, fit {fit}")
    answer: dict[str, Any] = {}
    try:
        fit_cell(FitRequest(**json.loads(text)), lifeline=connection.fileno(), cpu_before=cpu_before)
    except (UserError, OSError, MemoryError) as error:
        answer = {"error": in_words(error)}
    except Exception as error:
        traceback.print_exc()
        answer = {"fault": f"{type(error).__name__}: {error}"}
    sys.stdout.flush()
    connection.sendall(json.dumps(answer).encode() + b"\n")
    with open(os.devnull, "w") as nothing:
        _write_to(os.dup(nothing.fileno()))
    return not answer


def _write_to(descriptor: int) -> None:
    """Send what this process and its libraries print to the descriptor, which is taken over."""
    sys.stdout.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def main(arguments: list[str]) -> None:
    sys.stdout = sys.stderr = forgiving_stream(1)
    serve(Path(arguments[0]), float(arguments[1]))
    sys.stdout.flush()
    os._exit(0)  # nothing is left to do, and the end of Julia takes a second


if __name__ == "__main__":
    main(sys.argv[1:])
