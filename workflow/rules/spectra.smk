# Data sets: the data of a cell, and what is held out of it.


rule spectrum:
    output:
        data="data/spectra/{family}/{task}/{dataset}.parquet",
        held_out="data/spectra/{family}/{task}/{dataset}.held_out.parquet",
    log:
        "data/spectra/logs/{family}.{task}.{dataset}.log",
    conda:
        "../envs/sweep.yaml"
    params:
        request=lambda wildcards: SWEEP.request(**wildcards),
        source=lambda wildcards: source_digest("spectra.py", "tasks.py", f"families/{wildcards.family}.py"),
    message:
        "data set {wildcards.family} {wildcards.task} {wildcards.dataset}"
    script:
        "../scripts/spectrum.py"
