# Data sets: the data of a cell, and what is held out of it.

from dataclasses import asdict


rule spectrum:
    output:
        data="data/spectra/{family}/{task}/{dataset}.parquet",
        held_out="data/spectra/{family}/{task}/{dataset}.held_out.parquet",
    log:
        "data/spectra/logs/{family}.{task}.{dataset}.log",
    wildcard_constraints:
        task="|".join(TASKS),
    group:
        DATA_GROUP
    conda:
        "../envs/sweep.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: needs_of_spectrum(wildcards.dataset, attempt).mem_mb,
        runtime=lambda wildcards, attempt: needs_of_spectrum(wildcards.dataset, attempt).runtime,
    params:
        request=lambda wildcards: SWEEP.request(**wildcards),
        source=lambda wildcards: source_digest("spectra.py", "tasks.py", f"families/{wildcards.family}.py"),
    message:
        "data set {wildcards.family} {wildcards.task} {wildcards.dataset}"
    script:
        "../scripts/spectrum.py"


if SWEEP.given:

    # The same from a user's own file.
    rule given_spectrum:
        input:
            file=lambda wildcards: SWEEP.given[wildcards.family].file,
        output:
            data="data/spectra/{family}/{task}/{dataset}.parquet",
            held_out="data/spectra/{family}/{task}/{dataset}.held_out.parquet",
        log:
            "data/spectra/logs/{family}.{task}.{dataset}.log",
        wildcard_constraints:
            family="|".join(SWEEP.given),
            task=GIVEN,
        group:
            DATA_GROUP
        conda:
            "../envs/sweep.yaml"
        resources:
            mem_mb=lambda wildcards, attempt: needs_of_spectrum(wildcards.dataset, attempt).mem_mb,
            runtime=lambda wildcards, attempt: needs_of_spectrum(wildcards.dataset, attempt).runtime,
        params:
            request=lambda wildcards: asdict(SWEEP.given[wildcards.family]),
            source=source_digest("given.py"),
        message:
            "own spectrum {wildcards.family}"
        script:
            "../scripts/given_spectrum.py"
