"""An engine that misbehaves costs its own cell, says so by the cell's name, and leaves nothing that spoils a rerun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cftsr.jobs.fit_cell import FitRequest, fit_cell
from cftsr.provenance import source_digest
from cftsr.sweep.plan import Sweep as Configured
from tests.faults.conftest import SPECTRA, Sweep, cell_name, config, fit_folder, unchanged
from tests.faults.inject.sitecustomize import KINDS

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

# What the terminal says beside the cell's name, and whether the first chunk, which was good, is used again.
EXPECTED = {
    "raises": "error: RuntimeError: the search library fell over. This is a fault of the program",
    "hangs": "chunk 2 took longer than 0.1 minutes and was ended as a hang",
    "loops": "chunk 2 took longer than 0.1 minutes and was ended as a hang",
    "crashes": "died with <Signals.SIGSEGV: 11>",
    "leaves": "MissingOutputException",
    "memory": "error: out of memory. Ask for less",
    "nan": "error: engine operon found no equation that is finite on every row",
    "inf": "error: engine operon found no equation that is finite on every row",
    "empty": " rows, 0 candidates). Give it more work in config.yaml",
    "unparsable": "error: engine operon returned an equation that cannot be read: 'exp(k)' is outside the grammar",
    "code": "error: engine operon returned an equation that cannot be read",
    "no progress": "error: engine operon handed over chunk 1 after chunk 1",
}
# Two chunks that take no time: a good one, and the one with the fault.
TINY = {"restarts": 2, "first_population": 60, "first_generations": 3, "real_population": 60, "real_generations": 3}
SEEDS = {kind: seed for seed, kind in enumerate(KINDS, 1)}
GOOD = 0
LONG = ("loops", "memory", "inf", "code")  # only when asked for: each has a sister among the others


def test_each_kind_of_fault_is_expected():
    assert set(EXPECTED) == set(KINDS)


def fronts(seeds) -> list[str]:
    return [f"{fit_folder(6, 'operon', seed)}/front.parquet" for seed in seeds]


def undisturbed_fit(folder: Path, data: str, seed: int, settings: dict) -> tuple[bytes, bytes]:
    """The same fit in this process."""
    request = FitRequest(
        data=data,
        engine="operon",
        setting="free",
        seed=seed,
        options=Configured(settings).options("operon", "conformal_weight"),
        front=str(folder / "front.parquet"),
        fit=str(folder / "fit.json"),
        cost=str(folder / "cost.json"),
        workspace=str(folder / "unfinished"),
        source=source_digest("jobs/fit_cell.py", "engines/operon/engine.py"),
    )
    fit_cell(request, log=lambda line: None)
    return (folder / "front.parquet").read_bytes(), (folder / "fit.json").read_bytes()


@pytest.mark.parametrize(
    "kinds", [pytest.param([*KINDS], marks=pytest.mark.soak), [kind for kind in KINDS if kind not in LONG]], ids=len
)
def test_a_misbehaving_engine(fresh: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: list[str]):
    seeds = [GOOD, *(SEEDS[kind] for kind in kinds)]
    fresh.config = config(engines=["operon"], theories=[6], seeds=seeds, fit={"chunk_minutes": 0.1, "idle_seconds": 0})
    fresh.config["budgets"]["quick"]["operon"] |= TINY
    fresh.environment = {
        "PYTHONPATH": str(Path(__file__).with_name("inject")),
        "CFTSR_FAULTS": json.dumps({str(seed): kind for kind, seed in SEEDS.items()}),
    }
    status, text = fresh.run("--latency-wait", "0", *fronts(seeds))
    assert status != 0
    before = fresh.finished()
    assert [path for path in before if path.endswith("front.parquet")] == fronts([GOOD])
    for kind in kinds:
        words = EXPECTED[kind]
        name = cell_name(6, "operon", SEEDS[kind])
        assert words in text, kind
        assert name in text, f"{kind}: the terminal must name {name}"
        if words.startswith("error: ") or "hang" in words:
            said = [part for part in text.split("error: ") if name in part and words.removeprefix("error: ") in part]
            assert said, f"{kind}: the message and the cell's name must stand together"
    assert not list(tmp_path.rglob("cftsr_was_here")), "an equation was run"

    fresh.environment = {}
    fresh.complete(*fronts(seeds))
    unchanged(before, fresh.finished())
    assert not [path for path in fresh.path("results").rglob("*") if path.is_file() and "unfinished" in path.parts]
    for kind in kinds:
        seed = SEEDS[kind]
        log = fresh.path(f"results/fits/quick/logs/fit/{cell_name(6, 'operon', seed)}.log")
        assert "resuming after chunk 1" in log.read_text(encoding="utf-8"), kind
    monkeypatch.chdir(fresh.folder)
    for seed in seeds:
        folder = fresh.path(fit_folder(6, "operon", seed))
        alone = undisturbed_fit(tmp_path / str(seed), f"{SPECTRA}/n6_f50.parquet", seed, fresh.config)
        assert ((folder / "front.parquet").read_bytes(), (folder / "fit.json").read_bytes()) == alone
