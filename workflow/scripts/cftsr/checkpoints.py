"""The side folder of a fit: the state after each finished chunk, so that a kill costs one chunk.

The folder is not a declared output of the rule, because Snakemake deletes the declared outputs of a job that fails
or is killed.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cftsr.engines.base import Progress
from cftsr.files import write_text
from cftsr.selection import Candidate


@dataclass(frozen=True)
class Spent:
    """What a fit has cost so far, in seconds, over all the processes that worked on it."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    processes: int = 0


def _to_text(key: str, progress: Progress, spent: Spent) -> str:
    body = {"key": key, "progress": asdict(progress), "spent": asdict(spent)}
    for candidate in body["progress"]["candidates"]:
        if not math.isfinite(candidate["engine_loss"]):
            candidate["engine_loss"] = repr(candidate["engine_loss"])  # JSON has neither inf nor nan
    text = json.dumps(body, sort_keys=True, allow_nan=False)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "body": body}, sort_keys=True)


def _from_text(text: str) -> tuple[str, Progress, Spent]:
    """Raises ValueError, KeyError or TypeError where the text is damaged."""
    outer = json.loads(text)
    body = outer["body"]
    if hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() != outer["sha256"]:
        raise ValueError("checksum")
    candidates = tuple(
        Candidate(**candidate | {"engine_loss": float(candidate["engine_loss"])})
        for candidate in body["progress"].pop("candidates")
    )
    return body["key"], Progress(candidates=candidates, **body["progress"]), Spent(**body["spent"])


class Workspace:
    """The side folder of one fit.

    key   digest of everything that decides the fit's result (data, options, seed, source): a state that was written
          for another question is not used.
    """

    FILE, PREVIOUS = "state.json", "state.previous.json"

    def __init__(self, folder: str | Path, key: str, log: Callable[[str], None] = print):
        self.folder, self.key, self.log = Path(folder), key, log

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
        path = self.folder / self.FILE
        if path.exists():
            path.replace(self.folder / self.PREVIOUS)
        write_text(path, _to_text(self.key, progress, spent))

    def clear(self) -> None:
        """Remove the folder once the fit's outputs are written: a forced rerun then really fits again."""
        shutil.rmtree(self.folder, ignore_errors=True)


def added(spent: Spent, cpu_seconds: float, wall_seconds: float) -> Spent:
    return replace(spent, cpu_seconds=spent.cpu_seconds + cpu_seconds, wall_seconds=spent.wall_seconds + wall_seconds)
