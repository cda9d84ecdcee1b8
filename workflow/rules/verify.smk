# The verdict on a front, apart from the fit: judging anew never costs a fit.


rule verify:
    input:
        front=f"results/{BUDGET}/fits/{CELL}/front.parquet",
        fit=f"results/{BUDGET}/fits/{CELL}/fit.json",
        data="data/spectra/{family}/{task}/{dataset}.parquet",
        held_out="data/spectra/{family}/{task}/{dataset}.held_out.parquet",
    output:
        verdict=f"results/{BUDGET}/fits/{CELL}/verdict.json",
    log:
        f"results/{BUDGET}/logs/verify/{CELL_NAME}.log",
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
        "verify {wildcards}"
    script:
        "../scripts/verify.py"
