# The sweep: configuration -> cells -> files. What is asked for is decided here, once.

import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow/scripts")

from cftsr import resources as estimates
from cftsr.errors import UserError
from cftsr.families import family_names
from cftsr.provenance import source_digest
from cftsr.sweep import Sweep, check_yaml
from cftsr.tasks import GIVEN, TASKS

try:
    check_yaml("config.yaml")
except UserError as error:
    sys.exit(f"error: {error}")


configfile: "config.yaml"


try:
    SWEEP = Sweep(config)
    if workflow.is_main_process:
        SWEEP.check_files()
except UserError as error:
    sys.exit(f"error: {error}")

BUDGET = SWEEP.budget
# Beside the Snakefile, unless the working folder (snakemake --directory) brings its own.
PUBLISHED_FOLDER = next(
    folder for folder in (Path("data/published"), Path(workflow.basedir, "data/published")) if folder.is_dir()
)
PUBLISHED = sorted(str(path) for path in PUBLISHED_FOLDER.glob("*.csv"))

if workflow.is_main_process:
    print(SWEEP.describe(), file=sys.stderr)


wildcard_constraints:
    family="|".join((*family_names(), *SWEEP.given)),
    task="|".join((*TASKS, GIVEN)),
    dataset=r"n\d+(_f[\d.]+)?",
    setting=r"[a-z_]+",
    engine=r"[a-z_]+",
    seed=r"\d+",


# On a cluster the fit and the verdict of a cell are one submission: their group is named like the engine, and
# group-components in the profile puts several cells of an engine into one. A dry run of a large sweep need not work the
# groups out, and inside a submission there are none: see Snakefile.
SUBMITS = not (workflow.output_settings.dryrun or workflow.remote_exec)
CELL_GROUP = (lambda wildcards: wildcards.engine) if SUBMITS else None
DATA_GROUP = "data" if SUBMITS else None

LIMITS = estimates.Limits(SWEEP.config["cluster"]["max_mem_mb"], SWEEP.config["cluster"]["max_minutes"])


# What a job asks a cluster for, worked out once for all seeds and settings.
@cache
def needs_of_fit(engine, task, dataset, attempt):
    rows = estimates.estimated_rows(dataset)
    return estimates.of_fit(engine, task, rows, SWEEP.options(engine, task), attempt, limits=LIMITS)


@cache
def needs_of_verdict(engine, dataset, attempt):
    seconds = SWEEP.config["verification"]["seconds"]
    return estimates.of_verdict(engine, estimates.estimated_rows(dataset), seconds, attempt, limits=LIMITS)


@cache
def needs_of_spectrum(dataset, attempt):
    return estimates.of_spectrum(dataset, attempt, limits=LIMITS)


@cache
def needs_of_collection(attempt):
    return estimates.of_collection(len(SWEEP.cells), attempt, limits=LIMITS)


# Patterns of a cell's folder, and of its name where paths are flat. The budget is no wildcard: a job's options follow from
# the budget of this run, whatever a path says; and each wildcard costs a large sweep time.
CELL = "{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}"
CELL_NAME = "{family}.{task}.{dataset}.{setting}.{engine}.seed{seed}"


def outputs_of(cells, name):
    """The file `name` in the folder of each cell's fit."""
    return [f"results/{BUDGET}/fits/{cell.folder}/{name}" for cell in cells]


onsuccess:
    message = Path(f"results/{BUDGET}/tables/message.txt")
    if message.exists():
        print("", message.read_text(encoding="utf-8"), sep="\n", file=sys.stderr)


onerror:
    # The tables of what is finished, in a folder of their own: those of the whole sweep are a rule's.
    from cftsr.summary import read_records
    from cftsr.tables import write_tables

    try:
        records = read_records(outputs_of(SWEEP.cells, "verdict.json"), fronts=False)
        cells = [cell.as_dict() for cell in SWEEP.cells]
        message = write_tables(records, cells, f"results/{BUDGET}/partial", PUBLISHED_FOLDER)
        print("", message, sep="\n", file=sys.stderr)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
