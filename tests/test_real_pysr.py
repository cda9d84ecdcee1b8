"""Real PySR on real Julia: runs wherever `make julia` has left its proof; `make test-pysr` runs just this."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from cftsr.engines.pysr import julia
from cftsr.fronts.front import read_front

ROOT = Path(__file__).parents[1]
PROOF = ROOT / julia.PROOF
pytestmark = [
    pytest.mark.pysr,
    pytest.mark.skipif(not PROOF.exists(), reason="no Julia here: `make julia` has not left its proof"),
]

CELLS = {
    "families": ["wzw_su2"],
    "tasks": ["central_charge", "conformal_weight"],
    "theories": [40],
    "fractions": [0.5],
    "settings": ["free"],
    "engines": ["pysr"],
    "budget": "quick",
}


def project(folder: Path) -> list[str]:
    """A working folder with two small cells and the proof; returns Snakemake's command."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | CELLS
    config["budgets"]["quick"]["pysr"] |= {
        "iterations": 40,
        "chunk_iterations": 10,
        "early_stop": False,
    }
    (folder / ".julia").mkdir(parents=True)
    (folder / ".julia" / "proof.json").write_text(PROOF.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    snakemake = Path(sys.executable).with_name("snakemake")
    return [str(snakemake), "-s", str(ROOT / "Snakefile"), "--directory", str(folder), "-j", "1"]


def fronts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("front.parquet"))}


def test_two_cells_resume_after_a_kill_and_determinism(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(project(whole), check=True)
    assert len(fronts(whole)) == 2

    command = project(killed)
    process = subprocess.Popen(command, start_new_session=True)
    limit = time.monotonic() + 600
    while not list(killed.rglob("state.json")) and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(killed.rglob("state.json")), "a chunk was finished before the kill"
    subprocess.run([*command, "--unlock"], check=True)
    subprocess.run(command, check=True)
    assert fronts(killed) == fronts(whole)

    for path in whole.rglob("fit.json"):
        fit = json.loads(path.read_text(encoding="utf-8"))
        assert fit["engine_details"]["restored"] == ["fresh", "state", "state", "state"]
        assert fit["engine_details"]["provenance"]["julia"]
        assert read_front(path.with_name("front.parquet"))
    for path in whole.rglob("cost.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["engine_startup_seconds"]["compile"] > 0
    verdicts = [json.loads(path.read_text(encoding="utf-8")) for path in whole.rglob("verdict.json")]
    recovered = {item["cell"]["task"]: item["verdict"]["recovered"] for item in verdicts}
    assert recovered["central_charge"] == "yes"
