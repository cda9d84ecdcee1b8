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
    conda:
        "../envs/sweep.yaml"
    threads: 1
    params:
        options=lambda wildcards: SWEEP.options(wildcards.engine),
        source=lambda wildcards: source_digest("fitting.py", f"engines/{wildcards.engine}.py"),
        workspace="results/{budget}/unfinished/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}",
    message:
        "fit {wildcards.family} {wildcards.task} {wildcards.dataset} {wildcards.setting} {wildcards.engine}"
    script:
        "../scripts/fit.py"
