"""What the start of Julia costs a sweep of PySR: each fit in a process of its own, against fits that share one.

    python benchmarks/julia_startup.py [FITS]          two small sweeps, one after the other, and the ratio
    python benchmarks/julia_startup.py --of RESULTS    of a sweep that was run (results/quick, say)

Needs `make julia`. Start-up is the import of PySR, the compilation before the first iteration and the start of Python,
in seconds of wall time (the first two) and of CPU; everything is read from the cells' cost.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def costs(results: Path) -> list[dict]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.rglob("pysr/seed*/cost.json"))]


def start_up(cost: dict) -> float:
    return sum(cost["engine_startup_seconds"].values())


def report(name: str, results: Path) -> float:
    found = costs(results)
    starts, fits = sum(map(start_up, found)), sum(cost["fit_cpu_seconds"] for cost in found)
    share = starts / (starts + fits)
    paid = sum(start_up(cost) > 1 for cost in found)
    print(
        f"{name}: {len(found)} fits, start-up {starts:.0f} s in {paid} of them, fits {fits:.0f} CPU s: "
        f"start-up is {share:.1%} of the sum"
    )
    return starts


def sweep(folder: Path, fits: int, idle_seconds: float) -> tuple[Path, float]:
    """Fit so many cells of su(2)_k; the results, and the wall time."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config |= {"families": ["wzw_su2"], "tasks": ["conformal_weight"], "theories": list(range(30, 30 + fits))}
    config |= {"fractions": [0.5], "settings": ["free"], "engines": ["pysr"]}
    config["fit"]["idle_seconds"] = idle_seconds
    (folder / ".julia").mkdir(parents=True)
    shutil.copy(ROOT / ".julia" / "proof.json", folder / ".julia")
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    snakemake = Path(sys.executable).with_name("snakemake")
    began = time.monotonic()
    subprocess.run(
        [
            snakemake,
            "-s",
            ROOT / "Snakefile",
            "--directory",
            folder,
            "-j",
            "2",
            "--until",
            "fit",
            "--quiet",
            "all",
        ],
        check=True,
    )
    return folder / "results", time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fits", nargs="?", type=int, default=12)
    parser.add_argument("--of", type=Path, metavar="RESULTS")
    arguments = parser.parse_args()
    if arguments.of:
        report(str(arguments.of), arguments.of)
        return
    if not (ROOT / ".julia" / "proof.json").exists():
        sys.exit("error: no Julia here; run `make julia` first")
    with tempfile.TemporaryDirectory() as folder:
        alone, alone_wall = sweep(Path(folder, "alone"), arguments.fits, 0)
        shared, shared_wall = sweep(Path(folder, "shared"), arguments.fits, 30)
        before, after = report("a process each", alone), report("shared", shared)
        same = all(
            path.read_bytes() == (shared / path.relative_to(alone)).read_bytes()
            for path in alone.rglob("front.parquet")
        )
    print(f"start-up {before / after:.1f} times less, wall {alone_wall:.0f} s against {shared_wall:.0f} s")
    print("the fronts are the same bytes" if same else "the fronts DIFFER")


if __name__ == "__main__":
    main()
