"""What a run prints at its end: once, by family, what failed and why; and what Ctrl-C prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.workflow.conftest import ROOT, Project

pytestmark = pytest.mark.workflow

TABLES = "results/default/summary.parquet"


def test_a_sweep_says_once_what_it_recovered_and_warns_before_it_is_replaced(project: Project):
    status, text = project.run(TABLES)
    assert status == 0, text
    assert text.count("Recovered (exact on the data") == 1
    assert "  WZW su(2)_k  rational 3/3\n" in text
    command = [sys.executable, "-m", "cftsr"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")}

    def cftsr(*arguments: str) -> str:
        done = subprocess.run(
            [*command, *arguments], cwd=project.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "  WZW su(2)_k  rational 3/3\n" in cftsr("message")
    assert cftsr("sweeps").startswith("default  budget quick, 3 of 3 fits recovered")
    assert "3 of 3 cells done" in cftsr("status")

    # Another sweep has its own tables and the fits of the first.
    assert project.jobs("--config", "sweep=other", "fractions=1") == {"tables": 1, "report": 1, "all": 1, "total": 3}
    status, text = project.run("-n", "--quiet", "rules", "--config", "fractions=1")
    assert "fractions: 0.5, 1 before, 1 now" in text
    assert "results/default/ will be replaced; finished fits are kept" in text


def test_what_failed_is_named_with_its_reason(project: Project):
    assert project.run("--until", "spectrum")[0] == 0
    damaged = project.path("data/spectra/wzw_su2/conformal_weight/n30_f50.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])
    status, text = project.run(TABLES, "--rerun-triggers", "mtime")
    assert status != 0
    end = text[text.index("Recovered (exact") :]
    assert "Failed: 1 cell\n  fit wzw_su2/conformal_weight/n30_f50/any/rational/seed0: data/spectra/" in end
    assert "is not a data set of ours, or is damaged" in end
    assert "(results/fits/quick/logs/fit/wzw_su2/conformal_weight/n30_f50/any/rational/seed0.log)" in end


def test_ctrl_c_is_an_interruption_and_no_failure(project: Project):
    project.config |= {"families": ["minimal"], "theories": [25], "fractions": [0.5], "engines": ["operon"]}
    project.config["budgets"]["quick"]["operon"] = {"restarts": 400, "refine": False}
    process = project.start("results/fits/quick/minimal/conformal_weight/n25_f50/free/operon/seed0/front.parquet")
    state = project.path("results/fits/quick/unfinished/minimal/conformal_weight/n25_f50/free/operon/seed0/state.json")
    limit = time.monotonic() + 120
    while not state.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: Snakemake and its jobs
    text, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "interrupted: run the same command again; what is finished is kept" in text
    for words in ("Traceback", "Error in rule", "RuleException", "Missing:"):
        assert words not in text
    assert state.exists(), "what was finished is kept"
