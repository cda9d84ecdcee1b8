"""The side folder of a fit: the state after each finished chunk, so that a kill costs one chunk.

The folder is not a declared output of the rule, because Snakemake deletes the declared outputs of a job that fails
or is killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cftsr.engines.base import Progress
from cftsr.errors import UserError
from cftsr.files import cannot_write, write_text
from cftsr.fronts.front import Candidate


@dataclass(frozen=True)
class Spent:
    """What a fit has cost so far, in seconds, over all the processes that worked on it."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    processes: int = 0


def _to_text(key: str, progress: Progress, spent: Spent) -> str:
    body: dict[str, Any] = {"key": key, "progress": asdict(progress), "spent": asdict(spent)}
    for candidate in body["progress"]["candidates"]:
        loss = candidate["engine_loss"]
        if loss is not None and not math.isfinite(loss):
            candidate["engine_loss"] = repr(loss)  # JSON has no infinities
    text = json.dumps(body, sort_keys=True, allow_nan=False)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "body": body}, sort_keys=True)


def _from_text(text: str) -> tuple[str, Progress, Spent]:
    """Raises ValueError, KeyError or TypeError where the text is damaged."""
    outer = json.loads(text)
    body = outer["body"]
    if hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() != outer["sha256"]:
        raise ValueError("checksum")
    candidates = tuple(
        Candidate(**candidate | {"engine_loss": None if (loss := candidate["engine_loss"]) is None else float(loss)})
        for candidate in body["progress"].pop("candidates")
    )
    return body["key"], Progress(candidates=candidates, **body["progress"]), Spent(**body["spent"])


class Workspace:
    """The side folder of one fit.

    key   digest of everything that decides the fit's result (data, options, seed, source): a state that was written
          for another question is not used.
    """

    FILE, PREVIOUS, NEXT = "state.json", "state.previous.json", "state.next.json"
    LOCK, WANTED = "lock", "wanted"
    PAUSE = 0.2  # seconds between two looks at a lock

    def __init__(self, folder: str | Path, key: str, log: Callable[[str], None] = print):
        self.folder, self.key, self.log = Path(folder), key, log

    @contextmanager
    def held(self) -> Iterator[Workspace]:
        """Keep other processes out of the folder in the block.

        A fit whose Snakemake was killed works on without it, and the next run of the sweep starts the same fit. The
        newcomer asks for the folder and waits; the other ends after its chunk (`save`), and nothing is done twice.
        """
        path, wanted = self.folder / self.LOCK, self.folder / self.WANTED
        me = f"process {os.getpid()} on {socket.gethostname()}"
        lock, waited = None, False
        try:
            while lock is None:
                lock = self._try_lock(path)
                if lock is None:
                    if not waited:
                        holder = path.read_text(encoding="utf-8") if path.exists() else ""
                        self.log(
                            f"{holder or 'another process'} works on this fit: asked to stop after its chunk; waiting"
                        )
                    if not waited or not wanted.exists():
                        wanted.write_text(me, encoding="utf-8")
                    waited = True
                    time.sleep(self.PAUSE)
            wanted.unlink(missing_ok=True)
            with suppress(OSError):  # only a courtesy to whoever waits
                os.truncate(lock, 0)
                os.write(lock, me.encode())
        except OSError as error:
            if lock is not None:
                os.close(lock)
            raise cannot_write(path, error) from error
        try:
            yield self
        finally:
            os.close(lock)

    def _try_lock(self, path: Path) -> int | None:
        """The open and locked file, or None where somebody else has it."""
        self._make_folder()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:  # a disk without locks
            self.log(f"{path} cannot be locked ({error.strerror}): two sweeps at once would repeat each other's work")
            return descriptor
        with suppress(OSError):  # unless the one before has removed the folder, and the lock with it
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return descriptor
        os.close(descriptor)
        return None

    def _make_folder(self) -> None:
        """Make the folder so that nobody else can write in it: an engine's state may be a pickle."""
        for place in reversed(self.folder.parents):
            if not place.exists():
                with suppress(FileExistsError):
                    place.mkdir(mode=0o755)
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, exist_ok=True)

    def load(self) -> tuple[Progress, Spent]:
        """The last good state, or a fresh one. A damaged file costs the chunk it was written after."""
        for name in (self.FILE, self.PREVIOUS):
            path = self.folder / name
            try:
                key, progress, spent = _from_text(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.log(f"checkpoint {path} is damaged ({error!r}): left aside")
                continue
            if key != self.key:
                self.log(f"checkpoint {path} belongs to other data, options or code: left aside")
                continue
            self.log(f"resuming after chunk {progress.chunk} (checkpoint {path})")
            return progress, spent
        return Progress(), Spent()

    def save(self, progress: Progress, spent: Spent) -> None:
        """Keep the state. Raises UserError where it cannot be written, or another process waits for the folder."""
        path, following = self.folder / self.FILE, self.folder / self.NEXT
        # Written whole before the older ones move on: a full disk leaves both.
        write_text(following, _to_text(self.key, progress, spent))
        try:
            if path.exists():
                path.replace(self.folder / self.PREVIOUS)
            following.replace(path)
        except OSError as error:
            raise cannot_write(path, error) from error
        wanted = self.folder / self.WANTED
        if wanted.exists():
            with suppress(OSError):
                successor = wanted.read_text(encoding="utf-8")
                raise UserError(
                    f"{successor} has taken over this fit after chunk {progress.chunk}, as after a kill of Snakemake; "
                    "it goes on from there, and nothing is lost"
                )

    def clear(self) -> None:
        """Remove the folder once the fit's outputs are written: a forced rerun then really fits again."""
        shutil.rmtree(self.folder, ignore_errors=True)


def added(spent: Spent, cpu_seconds: float, wall_seconds: float) -> Spent:
    return replace(spent, cpu_seconds=spent.cpu_seconds + cpu_seconds, wall_seconds=spent.wall_seconds + wall_seconds)
