"""Dry run of a large sweep against a bare Snakefile with as many jobs of the same shape, in one run.

    python benchmarks/dry_run.py [CELLS]
    python benchmarks/dry_run.py CELLS --breakdown

Prints CPU and wall seconds and peak memory of both, several times in turn, and the ratio of the medians. --breakdown:
one dry run of each under cProfile, and the share of each stage of Snakemake in it: what a rule's script, parameters,
message or resources cost. The profile itself takes time, more where calls are many: compare shares, not seconds.
"""

from __future__ import annotations

import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from cftsr.sweep.plan import Sweep  # noqa: E402

# As on a user's machine: Python keeps what it compiled, and cftsr what it read of its own source.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
# Functions of Snakemake by file and name, and what they stand for. Some contain others.
STAGES = {
    ("snakemake/workflow.py", "include"): "reading the Snakefile",
    ("snakemake/dag.py", "update"): "the graph: matching files to rules, making jobs",
    ("snakemake/dag.py", "update_conda_envs"): "conda environments (evaluates parameters)",
    ("snakemake/script/__init__.py", "get_source"): "reading the script, again for every job",
    ("snakemake/rules.py", "expand_params"): "parameters",
    ("snakemake/rules.py", "expand_resources"): "resources",
    ("snakemake/rules.py", "expand_log"): "names of logs",
    ("snakemake/jobs.py", "message"): "messages (evaluates resources)",
    ("snakemake/jobs.py", "shellcmd"): "shell commands",
}

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


def run(command: list[str], folder: Path) -> tuple[float, float, float, int]:
    """CPU seconds, wall seconds, peak memory in MB, and the number of jobs that the dry run counts."""
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"error: {' '.join(command)} failed:\n{text[-2000:]}")
    jobs = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("total "))
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024, jobs


def breakdown(command: list[str], folder: Path) -> None:
    """Print the time within each stage, itself and what it calls, as a share of the whole dry run."""
    profile = folder / "profile"
    run([sys.executable, "-m", "cProfile", "-o", str(profile), *command], folder)
    found = pstats.Stats(str(profile))
    print(f"  {found.total_calls / 1e6:.1f} million calls, {found.total_tt:.1f} s under the profile")
    for (file, function), words in STAGES.items():
        seconds = sum(
            figures[3] for (path, _, name), figures in found.stats.items() if name == function and path.endswith(file)
        )
        print(f"  {seconds / found.total_tt:6.1%}  {words}")


def main() -> None:
    asked = [argument for argument in sys.argv[1:] if argument != "--breakdown"]
    cells = int(asked[0]) if asked else 4000
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
        commands = {"bare": snakemake, "ours": [*snakemake, "-s", str(ROOT / "Snakefile"), "--directory", str(ours)]}
        folders = {"bare": bare, "ours": ours}
        if "--breakdown" in sys.argv:
            for name, command in commands.items():
                print(f"{name}:")
                breakdown(command, folders[name])
            return
        figures: dict[str, list] = {"ours": [], "bare": []}
        for _ in range(5 if cells < 10_000 else 3):
            for name, command in commands.items():
                figures[name].append(run(command, folders[name]))
    medians = {}
    for name, values in figures.items():
        cpu, wall, memory = (statistics.median(value[i] for value in values) for i in (0, 1, 2))
        medians[name] = cpu, wall, memory
        print(f"{name}: {values[0][3]} jobs, CPU {cpu:.2f} s, wall {wall:.2f} s, peak memory {memory:.0f} MB")
    ratio = [medians["ours"][i] / medians["bare"][i] for i in (0, 1, 2)]
    print(f"ratio ours/bare: CPU {ratio[0]:.2f}, wall {ratio[1]:.2f}, memory {ratio[2]:.2f}")


if __name__ == "__main__":
    main()
