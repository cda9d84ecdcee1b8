"""Files cut off or changed on disk: named, with what to do; doing it gives what an undisturbed sweep gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.conftest import SPECTRA, TABLES, Sweep, cell_name, fit_folder, unchanged

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

A, B, C = (6, "rational"), (6, "operon"), (8, "rational")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """A bit in the middle of the file, or near its end, where Parquet keeps its names."""
    content = bytearray(path.read_bytes())
    content[-60] ^= 0x04
    path.write_bytes(content)


def damage(sweep: Sweep, path: str, how) -> None:
    """Behind Snakemake's back, as a disk does it: the file's time stays."""
    place = sweep.path(path)
    status = place.stat()
    how(place)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_damaged_files_are_named_and_made_anew(sweep: Sweep, undisturbed: Sweep):
    front, fit = "front.parquet", "fit.json"
    damaged = {A: (front, truncate), B: (fit, truncate), C: (front, flip)}
    for cell, (name, how) in damaged.items():
        damage(sweep, f"{fit_folder(*cell)}/{name}", how)
        sweep.remove(f"{fit_folder(*cell)}/verdict.json")
    sweep.remove(TABLES)
    before = sweep.finished()
    status, text = sweep.run(TABLES)
    assert status != 0
    for cell, (name, _) in damaged.items():
        assert f"{fit_folder(*cell)}/{name}" in text
        assert f"in verify {cell_name(*cell)}; log: " in text
    assert "elete it and run snakemake again: only this fit is repeated" in text
    unchanged(before, sweep.finished())

    # What the message said; and the next fault.
    for cell, (name, _) in damaged.items():
        sweep.remove(f"{fit_folder(*cell)}/{name}")
    data, held_out = f"{SPECTRA}/n6_f50.parquet", f"{SPECTRA}/n8_f50.held_out.parquet"
    damage(sweep, data, truncate)
    damage(sweep, held_out, flip)
    status, text = sweep.run(TABLES)
    assert status != 0
    for path in (data, held_out):
        assert f"error: {path} is not a data set of ours, or is damaged" in text
    assert f"in fit {cell_name(*A)}; log: " in text
    assert f"in verify {cell_name(*C)}; log: " in text
    sweep.remove(data, held_out)
    sweep.complete()
    assert sweep.results() == undisturbed.results()


def test_a_damaged_verdict_and_a_damaged_cost_are_named_and_made_anew(sweep: Sweep, undisturbed: Sweep):
    verdict, cost = f"{fit_folder(*B)}/verdict.json", f"{fit_folder(*C)}/cost.json"
    damage(sweep, verdict, flip)
    damage(sweep, cost, truncate)
    before = sweep.finished("data/spectra", "results/fits/quick")
    for path in (verdict, cost):
        sweep.path(TABLES).unlink(missing_ok=True)
        status, text = sweep.run(TABLES)
        assert status != 0
        assert f"error: cannot read {path} (" in text
        assert "delete it and summary.parquet, and run snakemake again" in text
        sweep.remove(path)
    sweep.complete()
    assert sweep.results() == undisturbed.results()
    again = [path for path in before if path.startswith((fit_folder(*B), fit_folder(*C)))]
    unchanged(before, sweep.finished(), [path for path in before if path not in again])
