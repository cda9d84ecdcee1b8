# One fit a cell. A killed fit goes on from the last finished chunk in its side folder, which is not an output:
# Snakemake deletes the outputs of a job that fails.

NEEDS_OF_FIT = asked(
    lambda wildcards, attempt: needs_of_fit(engine_of(wildcards), task_of(wildcards), dataset_of(wildcards), attempt)
)


rule fit:
    input:
        data=DATA.data(SPECTRUM),
    output:
        front=FITS.front(CELL),
        fit=FITS.fit(CELL),
        cost=FITS.cost(CELL),
    log:
        FITS.fit_log(CELL),
    # PySR has a rule of its own below; a constraint costs a large sweep less than a ruleorder.
    wildcard_constraints:
        fit=r"[a-z_]+/(?!pysr/)[a-z_]+/seed\d+",
    group:
        CELL_GROUP
    conda:
        "../envs/sweep.yaml"
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


if "pysr" in SWEEP.engines:

    use rule fit as fit_pysr with:
        input:
            data=DATA.data(SPECTRUM),
            # ancient: a proof made anew is no reason to fit again.
            julia=ancient(paths.JULIA_PROOF),
        wildcard_constraints:
            fit=r"[a-z_]+/pysr/seed\d+",
        conda:
            "../envs/pysr.yaml"
