# One fit per cell. A killed fit goes on from the last finished chunk in its side folder, which is not an output:
# Snakemake deletes the outputs of a job that fails.

NEEDS_OF_FIT = asked(
    lambda wildcards, attempt: needs_of_fit(engine_of(wildcards), task_of(wildcards), dataset_of(wildcards), attempt)
)


rule fit:
    input:
        data=DATA.data(SPECTRUM),
        # ancient: Julia proved again is no reason to fit again.
        required=ancient(signed(lambda wildcards: get_engine(engine_of(wildcards)).requires)),
    output:
        front=FITS.front(CELL),
        fit=FITS.fit(CELL),
        cost=FITS.cost(CELL),
    log:
        FITS.fit_log(CELL),
    group:
        CELL_GROUP
    conda:
        lambda wildcards: f"../envs/{get_engine(engine_of(wildcards)).environment}"
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
