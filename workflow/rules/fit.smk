# One fit per cell. A killed fit goes on from the last finished chunk in its side folder, which is not an output:
# Snakemake deletes the outputs of a job that fails.

NEEDS_OF_FIT = asked(
    lambda wildcards, attempt: needs_of_fit(engine_of(wildcards), task_of(wildcards), dataset_of(wildcards), attempt)
)

# Functions of the cell only where engines differ: Snakemake calls them for each job, which a large sweep notices.
CHOSEN = {engine: get_engine(engine) for engine in SWEEP.engines}
REQUIREMENTS, ENVIRONMENT = {}, "../envs/sweep.yaml"
if any(chosen.requires for chosen in CHOSEN.values()):
    # ancient: Julia proved again is no reason to fit again.
    REQUIREMENTS = {"required": ancient(signed(lambda wildcards: CHOSEN[engine_of(wildcards)].requires))}
if any(chosen.environment != Path(ENVIRONMENT).name for chosen in CHOSEN.values()):
    ENVIRONMENT = signed(lambda wildcards: f"../envs/{CHOSEN[engine_of(wildcards)].environment}")


rule fit:
    input:
        **REQUIREMENTS,
        data=DATA.data(SPECTRUM),
    output:
        front=FITS.front(CELL),
        fit=FITS.fit(CELL),
        cost=FITS.cost(CELL),
    log:
        FITS.fit_log(CELL),
    group:
        CELL_GROUP
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **NEEDS_OF_FIT,
    params:
        options=signed(lambda wildcards: SWEEP.options(engine_of(wildcards), task_of(wildcards))),
        source=signed(lambda wildcards: source_digest("jobs/fit_cell.py", f"engines/{engine_of(wildcards)}/engine.py")),
    message:
        said("fit")
    script:
        "../scripts/fit.py"
