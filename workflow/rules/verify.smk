# The verdict on a front, apart from the fit: judging again never costs a fit.

NEEDS_OF_VERDICT = asked(
    lambda wildcards, attempt: needs_of_verdict(engine_of(wildcards), dataset_of(wildcards), attempt)
)


rule verify:
    input:
        front=FITS.front(CELL),
        fit=FITS.fit(CELL),
        data=DATA.data(SPECTRUM),
        held_out=DATA.held_out(SPECTRUM),
    output:
        verdict=FITS.verdict(CELL),
    log:
        FITS.verify_log(CELL),
    group:
        CELL_GROUP
    conda:
        "../envs/sweep.yaml"
    threads: 1
    resources:
        **NEEDS_OF_VERDICT,
    params:
        closed_form=signed(lambda wildcards: SWEEP.closed_form(family_of(wildcards), task_of(wildcards))),
        seconds=SWEEP.config["verification"]["seconds"],
        source=source_digest("fronts/verdict.py"),
    message:
        said("verify")
    script:
        "../scripts/verify.py"
