# One fit a cell. A killed fit goes on from the last finished chunk in its side folder, which is not an output:
# Snakemake deletes the outputs of a job that fails.


rule fit:
    input:
        data="data/spectra/{family}/{task}/{dataset}.parquet",
    output:
        front="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/front.parquet",
        fit="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/fit.json",
        cost="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/cost.json",
    log:
        "results/{budget}/logs/fit/{family}.{task}.{dataset}.{setting}.{engine}.seed{seed}.log",
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
        workspace="results/{budget}/unfinished/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}",
    message:
        "fit {wildcards.family} {wildcards.task} {wildcards.dataset} {wildcards.setting} {wildcards.engine} seed {wildcards.seed}"
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
