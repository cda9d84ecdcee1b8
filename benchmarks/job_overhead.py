"""What a job costs beside its work: CPU seconds from start-up to exit of a script on a tiny cell.

    python benchmarks/job_overhead.py

For each engine's fit, and for the verdict, a tiny cell is done by the package alone in a fresh interpreter, against an
interpreter that does nothing. The ratio to an interpreter that only imports numpy and pyarrow says what is ours. The
lines between are a job's parts: Snakemake's prelude, and our imports before any work. Last, what a cluster's submission
pays once for all of its cells: the start of a Snakemake that reads the workflow, in the sweep of config.yaml and in one
of 20,000 cells.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPEATS = 5
# As on a user's machine: Python keeps what it compiled, and cftsr what it read of its own source.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
SNAKEMAKE = f"""
import runpy, sys
sys.argv = ["snakemake", "-s", {str(ROOT / "Snakefile")!r}, "--list-rules", "--quiet"]
sys.stdout = sys.stderr = open("snakemake.txt", "w")
"""
RUN = """
runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
"""

PRELUDE = f"""
import sys
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
from snakemake.script import Snakemake  # what Snakemake puts before every script
from cftsr.jobs.script import logged
"""
DATA = """
with logged("log"):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.generate import generate
    data, held_out = generate("wzw_su2", {}, "central_charge", 10, 5, pool=20)
    write_dataset("data.parquet", data)
    write_dataset("held_out.parquet", held_out)
"""
FIT = """
with logged("log"):
    from cftsr.jobs.fit_cell import FitRequest, fit_cell
    options = {"max_degree": 12, "max_unknowns": 300, "spare_rows": 12, "refit_without": 0.2}
    fit_cell(
        FitRequest("data.parquet", "rational", "any", 0, options, "front.parquet", "fit.json", "cost.json", "side")
    )
"""
VERDICT = """
with logged("log"):
    from cftsr.fronts.verdict import verify_cell
    verify_cell("front.parquet", "fit.json", "data.parquet", "held_out.parquet", "3*k/(k+2)", 20, "verdict.json")
"""
PROGRAMS = {
    "interpreter": "",
    "numpy and pyarrow": "import numpy, pyarrow.parquet",
    "snakemake's prelude": PRELUDE,
    "imports of a fit": PRELUDE + "import cftsr.fitting, cftsr.engines.rational",
    "imports of a verdict": PRELUDE + "import cftsr.verification",
    "data set": PRELUDE + DATA,
    "fit (rational)": PRELUDE + FIT,
    "verdict": PRELUDE + VERDICT,
    "snakemake, no job": SNAKEMAKE + RUN,
    "... of 20,000 cells": SNAKEMAKE + f'sys.argv += ["--config", "engines=operon", "seeds={list(range(426))}"]' + RUN,
}


def cpu_seconds(program: str, folder: str) -> float:
    process = subprocess.Popen([sys.executable, "-c", program], cwd=folder, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("error: the program above failed")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    figures: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "config.yaml", folder)
        for _ in range(REPEATS):
            for name, program in PROGRAMS.items():
                figures[name].append(cpu_seconds(program, folder))
    libraries = statistics.median(figures["numpy and pyarrow"])
    for name, values in figures.items():
        middle = statistics.median(values)
        print(f"{name:22} {middle:6.2f} CPU s   {middle / libraries:5.2f} x numpy and pyarrow")


if __name__ == "__main__":
    main()
