"""A disk that is full, or may not be written: said where and in which cell, and a rerun ends as if nothing had been."""

from __future__ import annotations

import resource
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import (
    FITS,
    SPECTRA,
    TABLES,
    Sweep,
    cell_name,
    config,
    fit_folder,
    full_disk,
    mounted,
    read_only,
    unchanged,
)

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

A, B, C, D = (6, "rational"), (6, "operon"), (8, "rational"), (8, "operon")


def test_a_full_disk_in_each_stage_of_a_cell(sweep: Sweep, undisturbed: Sweep):
    # Another task, for a data set that is not there yet; its folder is another disk.
    sweep.config = config(tasks=["conformal_weight", "energy"], theories=[6, 8])
    energies = sweep.path(SPECTRA).parent / "energy"
    sweep.remove(TABLES)
    for name in ("front.parquet", "fit.json", "cost.json", "verdict.json"):
        sweep.remove(*(f"{fit_folder(*cell)}/{name}" for cell in (B, D)))
    sweep.remove(*(f"{fit_folder(*cell)}/verdict.json" for cell in (A, C)))
    before = sweep.finished()
    side = f"results/fits/quick/unfinished/{cell_name(*D)}"
    with ExitStack() as disks:
        for place in (energies, sweep.path(fit_folder(*A)), sweep.path(fit_folder(*B)), sweep.path(side)):
            disks.enter_context(full_disk(place))
        status, text = sweep.run(TABLES)
        assert status != 0
        within = sweep.finished()
    full = "No space left on device. Free some space and run the same command again"
    for path, job in {
        f"data/spectra/wzw_su2/energy/n6_f50.parquet: {full}": "spectrum wzw_su2/energy/n6_f50",
        f"{side}/state.next.json: {full}": f"fit {cell_name(*D)}",
        f"{fit_folder(*B)}/front.parquet: {full}": f"fit {cell_name(*B)}",
        f"{fit_folder(*A)}/verdict.json: {full}": f"verify {cell_name(*A)}",
    }.items():
        assert any(path in part and f"in {job}; log: " in part for part in text.split("error: cannot write ")), (
            f"{job} must name its file"
        )
    unchanged(before, within)
    assert f"{fit_folder(*C)}/verdict.json" in within, "the cell that had a disk is finished"

    sweep.config = config()
    sweep.complete()
    unchanged(before, sweep.finished(), [path for path in before if "/tables/" not in path])
    assert sweep.results() == undisturbed.results()


def test_a_full_disk_under_the_tables(sweep: Sweep, undisturbed: Sweep):
    sweep.remove("results/default/tables", TABLES)
    before = sweep.finished()
    with full_disk(sweep.path("results/default/tables")):
        status, text = sweep.run(TABLES)
    assert status != 0
    assert "error: cannot write results/default/tables/" in text
    assert "No space left on device" in text
    unchanged(before, sweep.finished())
    sweep.complete()
    assert sweep.results() == undisturbed.results()


def test_a_page_larger_than_files_may_be(sweep: Sweep, undisturbed: Sweep):
    """As on a disk with a quota: every small file can be written, the page cannot."""
    before, limit = sweep.finished(), 500_000
    start = sweep.start

    def limited(*arguments):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))  # inherited
        try:
            return start(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    sweep.start = limited
    status, text = sweep.run()
    assert status != 0
    assert "error: cannot write results/default/report.html: File too large. Raise the limit" in text
    assert not sweep.path("results/default/report.html").exists()
    assert not list(sweep.path("results/default").glob(".report*")), "no half of a page"
    unchanged(before, sweep.finished())
    sweep.start = start
    sweep.complete("all")
    assert sweep.path("results/default/report.html").stat().st_size > limit
    assert sweep.results() == undisturbed.results()


def test_results_on_a_disk_that_may_not_be_written(sweep: Sweep, undisturbed: Sweep):
    sweep.remove(
        f"{fit_folder(*D)}",
        TABLES,
        "results/default/summary.csv",
        "results/default/sweep.json",
        "results/default/tables",
    )
    before = sweep.finished()
    with read_only(sweep.path("results")):
        status, text = sweep.run(TABLES)
        within = sweep.finished()
    assert status != 0
    assert "Read-only file system" in text
    assert "results/default" in text
    assert within == before
    sweep.complete()
    unchanged(before, sweep.finished(), [path for path in before if "/tables/" not in path])
    assert sweep.results() == undisturbed.results()


@pytest.mark.soak
@pytest.mark.parametrize("kilobytes", [120, 200, 260, 320, 400])
def test_the_whole_project_on_a_disk_that_fills_up(tmp_path: Path, undisturbed: Sweep, kilobytes: int):
    """Snakemake's own records, logs, side folders and results, until nothing more goes in."""
    folder = tmp_path / "small"
    folder.mkdir()
    with mounted("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", at=folder):
        sweep = Sweep(folder, config())
        sweep.environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        status, text = sweep.run(TABLES)
        assert status != 0
        assert "No space left on device" in text
        before = sweep.results()
        for path, content in before.items():
            if FITS in path or SPECTRA in path:
                assert content == undisturbed.results()[path], f"{path} is no whole file"
        subprocess.run(["mount", "-o", "remount,size=50m", str(folder)], check=True)
        sweep.complete()
        assert sweep.results() == undisturbed.results()
        shutil.rmtree(folder / "results")
