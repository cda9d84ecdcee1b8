# The verdict on a front, apart from the fit: judging anew never costs a fit.


rule verify:
    input:
        front="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/front.parquet",
        fit="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/fit.json",
        data="data/spectra/{family}/{task}/{dataset}.parquet",
        held_out="data/spectra/{family}/{task}/{dataset}.held_out.parquet",
    output:
        verdict="results/{budget}/fits/{family}/{task}/{dataset}/{setting}/{engine}/seed{seed}/verdict.json",
    log:
        "results/{budget}/logs/verify/{family}.{task}.{dataset}.{setting}.{engine}.seed{seed}.log",
    group:
        CELL_GROUP
    conda:
        "../envs/sweep.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: needs_of_verdict(wildcards.engine, wildcards.dataset, attempt).mem_mb,
        runtime=lambda wildcards, attempt: needs_of_verdict(wildcards.engine, wildcards.dataset, attempt).runtime,
    params:
        closed_form=lambda wildcards: SWEEP.closed_form(wildcards.family, wildcards.task),
        seconds=SWEEP.config["verification"]["seconds"],
        source=source_digest("verification.py"),
    message:
        "verify {wildcards.family} {wildcards.task} {wildcards.dataset} {wildcards.setting} {wildcards.engine} seed {wildcards.seed}"
    script:
        "../scripts/verify.py"
