# The sweep: configuration -> cells -> files. What is asked for is decided here, once.

import inspect
import os
import shlex
import sys
from functools import cache
from pathlib import Path

# Where this workflow is: the folder of its Snakefile, which is another workflow's module, perhaps.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
PACKAGES = f"{ROOT}/workflow/scripts"
sys.path.insert(0, PACKAGES)
# Jobs are processes of their own: they too use the package of this workflow, not one that is installed.
elsewhere = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place and place != PACKAGES]
os.environ.update(PYTHONPATH=os.pathsep.join([PACKAGES, *elsewhere]))

from snakemake import sourcecache

from cftsr.sweep import resources as estimates
from cftsr.engines import get_engine
from cftsr.errors import UserError
from cftsr.families import family_names
from cftsr.provenance import source_digest
from cftsr.sweep import paths, record
from cftsr.sweep.named import warning_of_change
from cftsr.sweep.config import ONE_CONFIGFILE, SHIPPED, base_config, merged, own_or_shipped, read_config, sweep_name
from cftsr.sweep.plan import Sweep
from cftsr.data.tasks import GIVEN, TASKS

# Snakemake puts the interpreter into command lines as it is: a blank or an apostrophe in its path would split it.
if not sys.executable.startswith("'"):
    sys.executable = shlex.quote(sys.executable)

# As another workflow's module this one has the configuration that the module statement gives it, over the shipped one; the
# config.yaml of the working folder is the other's. By itself it has the config.yaml of the working folder, or the shipped
# one where there is none, and over it --configfile and --config.
AS_MODULE = not workflow.modifier.is_main_snakefile()
CONFIG_FILE = SHIPPED if AS_MODULE else base_config()
# Snakemake would forget the first.
if not AS_MODULE and sum(word in ("--configfile", "--configfiles") for word in sys.argv) > 1:
    sys.exit(f"error: {ONE_CONFIGFILE}")
try:
    # Snakemake reads all but the first itself, and takes the last of two entries for a key silently.
    files = [read_config(path) for path in (CONFIG_FILE, *(() if AS_MODULE else workflow.overwrite_configfiles))]
    if AS_MODULE:
        config.update(merged(files[0], config))
except UserError as error:
    sys.exit(f"error: {error}")

if not AS_MODULE:

    configfile: str(CONFIG_FILE)


config.setdefault("sweep", sweep_name([] if AS_MODULE else workflow.overwrite_configfiles))

try:
    SWEEP = Sweep(config, records=own_or_shipped(record.FOLDER))
    if workflow.is_main_process:
        SWEEP.check_files()
except UserError as error:
    sys.exit(f"error: {error}")

# For scripts: with numbers where the command line gave text.
config.update(SWEEP.config)

BUDGET = SWEEP.budget
DATA, RESULTS = paths.DataSets(), SWEEP.results
FITS = paths.Fits.of(BUDGET)
PUBLISHED_FOLDER = own_or_shipped(paths.PUBLISHED)
PUBLISHED = sorted(str(path) for path in PUBLISHED_FOLDER.glob("*.csv"))

if workflow.is_main_process:
    print(SWEEP.describe(), *warning_of_change(SWEEP), sep="\n", file=sys.stderr)


# A data set is {spectrum}, family/task/n100_f30, and a fit of it is {fit}, setting/engine/seed0. Two wildcards, not six:
# Snakemake's work for each file and for each call of a function grows with them, which a large sweep notices.
DATASET = r"n\d+(_f[\d.]+)?"
FAMILIES, OWN = "|".join(family_names()), "|".join(SWEEP.user_spectra)


wildcard_constraints:
    spectrum=rf"(({FAMILIES})/({'|'.join(TASKS)})" + (rf"|({OWN})/{GIVEN}" if OWN else "") + rf")/{DATASET}",
    fit=r"[a-z_]+/[a-z_]+/seed\d+",


# The names in a path, by those wildcards.
def family_of(wildcards):
    return wildcards.spectrum.split("/")[0]


def task_of(wildcards):
    return wildcards.spectrum.split("/")[1]


def dataset_of(wildcards):
    return wildcards.spectrum.split("/")[2]


def engine_of(wildcards):
    return wildcards.fit.split("/")[1]


# What decides the rows of a data set, so that another family or task makes none again. Of levels without labels the
# quantum numbers that are found belong to it; the rational engine, which finds the denominators, is called by name.
def sources_of(wildcards):
    labels = () if TASKS[task_of(wildcards)].labelled else ("hidden/labelled.py", "engines/rational/engine.py")
    return "data/generate.py", f"families/{family_of(wildcards)}.py", f"data/tasks/{task_of(wildcards)}.py", *labels


def signed(function):
    """The function with its signature written down (PEP 362): Snakemake asks for it three times a call, and each time
    working it out takes longer than the function itself.
    """
    function.__signature__ = inspect.signature(function)
    # Where Snakemake looks first.
    function._overwrite_params = function.__signature__.parameters
    return function


# Three times for each job Snakemake takes the path of its rule's script apart, and each time smart_open makes a new class
# for the pieces. A rule's script is the same for all of its jobs. A tenth of a dry run's time, and a detail of Snakemake
# that another version may not have.
if hasattr(sourcecache, "parse_uri"):
    sourcecache.parse_uri = cache(sourcecache.parse_uri)


# On a cluster the fit and the verdict of a cell are one submission: their group is named like the engine, and
# group-components in the profile puts several cells of an engine into one. Inside a submission there are no groups: see
# Snakefile.
DRY_RUN = workflow.output_settings.dryrun
SUBMITS = not (DRY_RUN or workflow.remote_exec)
CELL_GROUP = signed(engine_of) if SUBMITS else None
DATA_GROUP = "data" if SUBMITS else None

LIMITS = estimates.ClusterLimits(SWEEP.config["cluster"]["max_mem_mb"], SWEEP.config["cluster"]["max_minutes"])


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


def asked(needs):
    """A rule's `mem_mb` and `runtime` (MB, minutes), from a function of its wildcards and the attempt.

    None of them in a dry run: it submits nothing, and shows a job's message and not its resources.
    """
    if DRY_RUN:
        return {}
    return {
        "mem_mb": signed(lambda wildcards, attempt: needs(wildcards, attempt).mem_mb),
        "runtime": signed(lambda wildcards, attempt: needs(wildcards, attempt).runtime),
    }


NEEDS_OF_COLLECTION = asked(lambda wildcards, attempt: needs_of_collection(attempt))
NEEDS_OF_SPECTRUM = asked(lambda wildcards, attempt: needs_of_spectrum(dataset_of(wildcards), attempt))

# A data set and a cell in paths. The budget is no wildcard: a job's options follow from the budget of this run,
# whatever a path says.
SPECTRUM, CELL = "{spectrum}", "{spectrum}/{fit}"

SILENT = DRY_RUN and {"RULES", "ALL"} & {item.name for item in workflow.output_settings.quiet or ()}


def said(what):
    """The message of a cell's job; none where a dry run prints no jobs (--quiet rules)."""
    return None if SILENT else f"{what} {{wildcards.spectrum}}/{{wildcards.fit}}"


def verdicts_of(cells):
    return [SWEEP.fits_of(cell).verdict(cell.folder) for cell in cells]
