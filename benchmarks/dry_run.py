"""Dry run of a large sweep against a bare Snakefile with as many jobs of the same shape, in one run.

    python benchmarks/dry_run.py [CELLS]

Prints wall seconds and peak memory of both, several times in turn, and the ratio of the medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from cftsr.sweep import Sweep  # noqa: E402

REPEATS = 3

BARE = """
DATA, FITS = {data!r}, {fits!r}
rule all:
    input: "done"
rule data:
    output: "data/{{name}}", "data/{{name}}.held_out"
    shell: "true"
rule fit:
    input: "data/{{name}}"
    output: "fits/{{name}}/{{fit}}.front", "fits/{{name}}/{{fit}}.json", "fits/{{name}}/{{fit}}.cost"
    shell: "true"
rule verify:
    input:
        "fits/{{name}}/{{fit}}.front", "fits/{{name}}/{{fit}}.json", "data/{{name}}", "data/{{name}}.held_out"
    output: "fits/{{name}}/{{fit}}.verdict"
    shell: "true"
rule tables:
    input: ["fits/" + fit + ".verdict" for fit in FITS], ["fits/" + fit + ".cost" for fit in FITS]
    output: "done"
    shell: "true"
"""


def run(command: list[str], folder: Path) -> tuple[float, float, int]:
    """Wall seconds, peak memory in MB, and the number of jobs that the dry run counts."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"error: {' '.join(command)} failed:\n{text[-2000:]}")
    jobs = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("total "))
    return time.monotonic() - start, usage.ru_maxrss / 1024, jobs


def main() -> None:
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["engines"] = ["operon"]
    config["seeds"] = list(range(-(-cells // len(Sweep(config).cells))))
    sweep = Sweep(config)
    print(f"{len(sweep.cells)} cells")
    with tempfile.TemporaryDirectory() as scratch:
        ours, bare = Path(scratch, "ours"), Path(scratch, "bare")
        ours.mkdir()
        bare.mkdir()
        (ours / "config.yaml").write_text(yaml.safe_dump(config))
        names = {cell: f"{cell.family}_{cell.task}_{cell.dataset}" for cell in sweep.cells}
        fits = [f"{names[cell]}/{cell.setting}_{cell.seed}" for cell in sweep.cells]
        (bare / "Snakefile").write_text(BARE.format(data=sorted(set(names.values())), fits=fits))
        snakemake = [str(Path(sys.executable).with_name("snakemake")), "-n", "--quiet", "rules", "-j", "1"]
        figures: dict[str, list] = {"ours": [], "bare": []}
        for _ in range(REPEATS):
            figures["bare"].append(run(snakemake, bare))
            figures["ours"].append(run([*snakemake, "-s", str(ROOT / "Snakefile"), "--directory", str(ours)], ours))
    medians = {}
    for name, values in figures.items():
        wall, memory = (statistics.median(value[i] for value in values) for i in (0, 1))
        medians[name] = wall, memory
        print(f"{name}: {values[0][2]} jobs, wall {wall:.2f} s, peak memory {memory:.0f} MB")
    ratio = [medians["ours"][i] / medians["bare"][i] for i in (0, 1)]
    print(f"ratio ours/bare: wall {ratio[0]:.2f}, memory {ratio[1]:.2f}")


if __name__ == "__main__":
    main()
