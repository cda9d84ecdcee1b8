# One fit a cell. A killed fit goes on from the last finished chunk in its side folder, which is not an output:
# Snakemake deletes the outputs of a job that fails.


rule fit:
    input:
        data="data/spectra/{family}/{task}/{dataset}.parquet",
    output:
        front=f"results/{BUDGET}/fits/{CELL}/front.parquet",
        fit=f"results/{BUDGET}/fits/{CELL}/fit.json",
        cost=f"results/{BUDGET}/fits/{CELL}/cost.json",
    log:
        f"results/{BUDGET}/logs/fit/{CELL_NAME}.log",
    # PySR has a rule of its own below; a constraint costs a large sweep less than a ruleorder.
    wildcard_constraints:
        engine="(?!pysr/)[a-z_]+",
    group:
        CELL_GROUP
    conda:
        "../envs/sweep.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: needs_of_fit(
            wildcards.engine, wildcards.task, wildcards.dataset, attempt
        ).mem_mb,
        runtime=lambda wildcards, attempt: needs_of_fit(
            wildcards.engine, wildcards.task, wildcards.dataset, attempt
        ).runtime,
    params:
        options=lambda wildcards: SWEEP.options(wildcards.engine, wildcards.task),
        source=lambda wildcards: source_digest("fitting.py", f"engines/{wildcards.engine}.py"),
        workspace=f"results/{BUDGET}/unfinished/{CELL}",
    message:
        "fit {wildcards}"
    script:
        "../scripts/fit.py"


use rule fit as fit_pysr with:
    input:
        data="data/spectra/{family}/{task}/{dataset}.parquet",
        # ancient: a proof made anew is no reason to fit again.
        julia=ancient(".julia/proof.json"),
    wildcard_constraints:
        engine="pysr",
    conda:
        "../envs/pysr.yaml"
