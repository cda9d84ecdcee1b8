"""Collecting the verdicts of a large sweep into tables, and into the page.

    python benchmarks/collect_verdicts.py [CELLS] [--page] [--wide]

Makes that many verdicts in a temporary folder: real fronts of PySR (tests/data/pysr-samples), judged as the sweep
judges them, and then varied from seed to seed and from cell to cell. Runs the real step, `python -m cftsr tables`, as a
process of its own, and prints its wall time, CPU time and peak memory; then the same with its parts timed one by one.
With --page the page too, as the rule `report` makes it. With --wide the cells are many data sets with one seed, instead
of few data sets with many seeds.
"""

from __future__ import annotations

import csv
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).parents[1]
SCRIPTS, PUBLISHED = ROOT / "workflow" / "scripts", ROOT / "data" / "published"
sys.path.insert(0, str(SCRIPTS))

from cftsr.data.dataset import write_dataset  # noqa: E402
from cftsr.data.generate import drawn_theories, lowest_levels  # noqa: E402
from cftsr.data.tasks import TASKS  # noqa: E402
from cftsr.families import get_family  # noqa: E402
from cftsr.fronts.front import Candidate, pareto_front  # noqa: E402
from cftsr.fronts.verdict import judge_front  # noqa: E402
from cftsr.results.summary import cell_key  # noqa: E402
from cftsr.sweep.cells import Cell  # noqa: E402
from cftsr.sweep.plan import Sweep  # noqa: E402

FAMILIES, QUANTITIES = ("wzw_su2", "minimal"), ("central_charge", "conformal_weight", "energy")
ENGINES = ["rational", "operon"]
PARTS = """
import resource, sys, time
from pathlib import Path
import yaml
sys.path.insert(0, sys.argv[1])
last = time.process_time()
def part(name):
    global last
    now = time.process_time()
    print(f"  {name:34s} {now - last:7.2f} CPU s  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MB")
    last = now
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from cftsr.results.summary import final_message, read_records, write_summary
from cftsr.sweep.plan import Sweep
from cftsr.output.tables.build import all_tables
part("imports")
sweep = Sweep(yaml.safe_load(Path("config.yaml").read_text()))
cells = [cell.as_dict() for cell in sweep.cells]
part("the cells of config.yaml")
paths = [f"results/fits/{sweep.budget}/{cell.folder}/verdict.json" for cell in sweep.cells]
records = read_records(paths, fronts=False)
part("reading verdicts and costs")
findings = Findings(records, cells)
part("results by place")
tables = all_tables(findings, load_published(sys.argv[2]))
part(f"{len(tables)} tables")
rows = findings.summary
write_summary(rows, "parts")
part("the summary, CSV and Parquet")
final_message(rows, cells, "parts")
part("the closing message")
"""
PAGE = """
import sys
from pathlib import Path
import yaml
sys.path.insert(0, sys.argv[1])
from cftsr.output.page import About, read_for_page, write_report
from cftsr.results.findings import Findings
from cftsr.sweep.plan import Sweep
sweep = Sweep(yaml.safe_load(Path("config.yaml").read_text()))
cells = [cell.as_dict() for cell in sweep.cells]
paths = [f"results/fits/{sweep.budget}/{cell.folder}/verdict.json" for cell in sweep.cells]
page = Path(f"results/{sweep.name}/report.html")
findings = Findings(read_for_page(paths, cells), cells)
write_report(findings, page, Path("data/spectra"), Path(sys.argv[2]), About(sweep.budget))
figures = list((page.parent / "figures").glob("*"))
size = sum(item.stat().st_size for item in figures) / 1e6
print(f"  page {page.stat().st_size / 1e6:.1f} MB, {len(figures)} files of figures {size:.1f} MB")
"""


def configuration(cells: int, wide: bool) -> dict:
    """The sweep of config.yaml with so many seeds, or numbers of theories, that it has at least so many cells."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config |= {"families": list(FAMILIES), "tasks": list(QUANTITIES), "engines": ENGINES}
    config |= {"theories": [100, 200, 300], "fractions": [0.1, 0.3, 0.5]}
    if wide:
        config["fractions"] = [round(0.02 * step, 2) for step in range(1, 51)]
        one, two = (len(Sweep(config | {"theories": list(range(10, 10 + count))}).cells) for count in (1, 2))
        count = max(1, math.ceil((cells - one) / (two - one)) + 1)
        return config | {"theories": list(range(10, 10 + count)), "seeds": [0]}
    one, two = (len(Sweep(config | {"seeds": list(range(count))}).cells) for count in (1, 2))
    seeds = max(1, math.ceil((cells - one) / (two - one)) + 1)
    return config | {"seeds": list(range(seeds))}


def spectrum(family: str, task: str) -> tuple:
    """A small one, for judging: the verdicts' shape does not depend on its size."""
    if task == "central_charge":
        return drawn_theories(get_family(family), TASKS[task], 12, 24, 0, 4)
    return lowest_levels(get_family(family), TASKS[task], 12, Fraction(1, 2), next_theories=4)


def fronts(family: str, task: str) -> list[list[str]]:
    """Fronts that PySR found for this family and task (for the energy, those of h): each a list of equations."""
    asked = "conformal_weight" if task == "energy" else task
    names = (ROOT / "tests" / "data" / "pysr-samples").glob(f"*/{family}-{asked}-*.equations.csv")
    found = []
    for name in sorted(names):
        with name.open(newline="", encoding="utf-8") as stream:
            found.append([row["equation"].replace(" ", "") for row in csv.DictReader(stream)])
    return found or [["2.9053", "3-5.7/k", "(k*2.9998)/(k+1.9987)"]]  # c of su(2)_k, which no sample has


def verdicts() -> dict[tuple[str, str], list[dict]]:
    """Real verdicts by family and task: those of PySR's fronts, and one whose last equation is the closed form."""
    made = {}
    for family in FAMILIES:
        for task in QUANTITIES:
            data, held_out = spectrum(family, task)
            closed_form = TASKS[task].closed_form(get_family(family))
            columns = {label: data.x[:, i].astype(np.float64) for i, label in enumerate(data.labels)}
            columns |= {f"i{number}": np.full(len(data), float(number)) for number in range(1, 11)}
            several = fronts(family, task)
            made[family, task] = []
            for texts in [*several, [*several[0][:6], closed_form]]:
                front = pareto_front([Candidate(text) for text in texts], columns, data.target)
                made[family, task].append(judge_front(front, data, held_out, closed_form, 5))
    return made


def write_verdicts(folder: Path, config: dict) -> int:
    """Make the sweep's results below `folder`; how many bytes they hold."""
    templates = verdicts()
    chance = random.Random(0)
    total = 0
    versions = {"cftsr": "0.1.0", "numpy": "2.4.6", "pyarrow": "26.0.1", "python": "3.11.7", "pyoperon": "0.6.2"}
    for cell in Sweep(config).cells:
        place = folder / "results" / "fits" / config["budget"] / cell.folder
        place.mkdir(parents=True)
        choice = templates[cell.family, cell.task]
        exact = cell.engine == "rational" or chance.random() < 0.6
        verdict = json.loads(json.dumps(choice[-1] if exact else chance.choice(choice[:-1])))
        for item in verdict["equations"]:
            item["loss"] *= 1 + chance.random()
        certificate = {"outcome": "identified", "reasons": [], "rows": 560, "rows_needed": 10, "degrees": [2, 1]}
        fit = {
            "cell": cell.as_dict(),
            "certificate": certificate if cell.engine == "rational" else None,
            "data": "",
            "data_metadata": {"family": cell.family, "task": cell.task, "theories": str(cell.theories)},
            "engine_details": {"restarts": list(range(40))},
            "evaluations": chance.randrange(10**6),
            "options": config["engine_options"][cell.engine],
            "rows": verdict["rows"],
            "stop_reason": "exact" if exact else "exhausted",
            "versions": versions,
        }
        cost = {"fit_cpu_seconds": round(chance.lognormvariate(1, 1), 3), "fit_wall_seconds": 9.0}
        for name, value in (
            ("verdict.json", {"cell": cell.as_dict(), "fit": fit, "verdict": verdict}),
            ("cost.json", cost),
        ):
            total += (place / name).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return total


def write_data(folder: Path, config: dict) -> None:
    for cell in {cell_key(cell.as_dict())[:4]: cell for cell in Sweep(config).cells}.values():
        name = folder / "data" / "spectra" / cell.family / cell.task / Cell(**cell.as_dict()).dataset
        for part, data in zip(("", ".held_out"), spectrum(cell.family, cell.task), strict=True):
            write_dataset(name.with_name(f"{name.name}{part}.parquet"), data)


def timed(what: str, command: list[str], folder: Path) -> str:
    """Run it in `folder`; print wall and CPU seconds and its peak memory; return what it printed."""
    start = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        said.seek(0)
        text = said.read()
    if status:
        sys.exit(f"error: {what} failed:\n{text[-3000:]}")
    print(
        f"{what}: {wall:.1f} s wall, {usage.ru_utime + usage.ru_stime:.1f} CPU s, "
        f"{usage.ru_maxrss / 1024:.0f} MB at its peak"
    )
    return text


def main() -> None:
    page, wide = "--page" in sys.argv, "--wide" in sys.argv
    numbers = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    config = configuration(int(numbers[0]) if numbers else 20_000, wide)
    folder = Path(tempfile.mkdtemp(prefix="cftsr-verdicts-"))
    try:
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        size = write_verdicts(folder, config)
        print(
            f"{len(Sweep(config).cells)} cells, {len(config['seeds'])} seeds, {size / 1e6:.0f} MB of verdicts and costs"
        )
        timed("tables", [sys.executable, "-m", "cftsr", "tables", "--published", str(PUBLISHED)], folder)
        print(timed("  its parts", [sys.executable, "-c", PARTS, str(SCRIPTS), str(PUBLISHED)], folder), end="")
        if page:
            write_data(folder, config)
            print(timed("page", [sys.executable, "-c", PAGE, str(SCRIPTS), str(PUBLISHED)], folder), end="")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
