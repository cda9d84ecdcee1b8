"""Faults on the real workflow: a project that can be broken, and the same sweep undisturbed to compare with."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import ROOT, Project

SPECTRA = "data/spectra/wzw_su2/conformal_weight"
FITS = "results/fits/quick/wzw_su2/conformal_weight"
TABLES = "results/default/summary.parquet"  # the target that needs everything but the page, which takes longest
# Times, and what is made of them; everything else is the same in every run.
TIMES = ("cost.json", "summary.csv", "summary.parquet", "report.html")


def config(**changes) -> dict:
    """Four cells: two data sets, the exact engine and three short restarts of operon that find nothing exact."""
    found = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    found |= {
        "families": ["wzw_su2"],
        "tasks": ["conformal_weight"],
        "theories": [6, 8],
        "fractions": [0.5],
        "settings": ["free"],
        "engines": ["rational", "operon"],
    }
    found["held_out"]["next_theories"] = 2
    found["recorded"] = False
    small = {"first_population": 200, "first_generations": 10, "real_population": 300, "real_generations": 20}
    small |= {"unit_population": 300, "unit_generations": 20}
    found["budgets"]["quick"]["operon"] = {"restarts": 4, "refine": False, "weights": "real", **small}
    return found | changes


def fit_folder(theories: int, engine: str, seed: int = 0) -> str:
    return f"{FITS}/n{theories}_f50/{'any' if engine == 'rational' else 'free'}/{engine}/seed{seed}"


def cell_name(theories: int, engine: str, seed: int = 0) -> str:
    return fit_folder(theories, engine, seed).removeprefix("results/fits/quick/")


class Sweep(Project):
    """A project folder, what is finished in it, and how it compares with another."""

    def finished(self, *below: str) -> dict[str, tuple[bytes, int]]:
        """Every file of the results and data sets by its path: its content, and when it was written."""
        return {
            str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_mtime_ns)
            for place in below or ("data/spectra", "results/fits/quick", "results/default/tables")
            for path in sorted(self.folder.joinpath(place).rglob("*"))
            if path.is_file() and not path.name.startswith(".snakemake") and not {"logs", "unfinished"} & {*path.parts}
        }

    def results(self) -> dict[str, bytes]:
        """What must come out the same, byte for byte, whatever happened on the way."""
        return {path: content for path, (content, _) in self.finished().items() if not path.endswith((*TIMES, ".pdf"))}

    def remove(self, *paths: str) -> None:
        for path in paths:
            place = self.path(path)
            shutil.rmtree(place) if place.is_dir() else place.unlink()

    def complete(self, *arguments: str) -> str:
        """Run to the end, as a user does after a fault; the lock of a Snakemake that was killed is taken away first."""
        if any(self.path(".snakemake/locks").glob("*")):
            status, text = self.run("--unlock")
            assert status == 0, text
        status, text = self.run(*(arguments or (TABLES,)))
        assert status == 0, text
        return text


def unchanged(before: dict, after: dict, paths=None) -> None:
    """Assert that the files (all of `before`, if no `paths` are named) are as they were, byte and time."""
    for path in before if paths is None else paths:
        assert path in after, f"{path} is gone"
        assert after[path] == before[path], f"{path} was touched"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Sweep:
    """The sweep without any fault, run once for all workers of pytest-xdist."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "undisturbed"
    sweep = Sweep(folder, config())
    with open(shared / "undisturbed.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            text = sweep.complete()
            assert "rational" in text
            (folder / "ready").touch()
    return sweep


@pytest.fixture
def sweep(undisturbed: Sweep, tmp_path: Path) -> Sweep:
    """A copy of the finished sweep, with its times and Snakemake's records, to be broken."""
    folder = tmp_path / "sweep"
    shutil.copytree(undisturbed.folder, folder, ignore=shutil.ignore_patterns("cache"))
    return Sweep(folder, config())


@pytest.fixture
def fresh(tmp_path: Path) -> Sweep:
    folder = tmp_path / "fresh"
    folder.mkdir()
    return Sweep(folder, config())


@contextmanager
def mounted(*arguments: str, at: Path):
    """A file system at a folder for as long as the block lasts; skips, saying why, where this user cannot mount."""
    done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextmanager
def full_disk(place: Path):
    """A disk of one page at the folder, with the folder's files on it, and filled to the last byte."""
    place.mkdir(parents=True, exist_ok=True)
    kept = [(path, path.read_bytes(), path.stat()) for path in place.iterdir() if path.is_file()]
    pages = sum(-(-len(content) // 4096) for _, content, _ in kept) + 1
    with mounted("-t", "tmpfs", "-o", f"size={4 * pages}k", "tmpfs", at=place):
        for path, content, status in kept:
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        (place / ".filler").write_bytes(b"x" * 4096)
        yield


@contextmanager
def read_only(place: Path):
    with mounted("--bind", str(place), at=place):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield
