# Data sets: the data of a cell, and what is held out of it.

from dataclasses import asdict


rule spectrum:
    output:
        data=DATA.data(SPECTRUM),
        held_out=DATA.held_out(SPECTRUM),
    log:
        DATA.log(SPECTRUM),
    wildcard_constraints:
        spectrum=rf"({FAMILIES})/({'|'.join(TASKS)})/{DATASET}",
    group:
        DATA_GROUP
    conda:
        "../envs/sweep.yaml"
    resources:
        **NEEDS_OF_SPECTRUM,
    params:
        request=lambda wildcards: SWEEP.request(*wildcards.spectrum.split("/")),
        source=lambda wildcards: source_digest(*sources_of(wildcards)),
    message:
        "data set {wildcards.spectrum}"
    script:
        "../scripts/spectrum.py"


if SWEEP.user_spectra:

    # The same from a user's own file.
    rule given_spectrum:
        input:
            file=lambda wildcards: SWEEP.user_spectra[family_of(wildcards)].file,
        output:
            data=DATA.data(SPECTRUM),
            held_out=DATA.held_out(SPECTRUM),
        log:
            DATA.log(SPECTRUM),
        wildcard_constraints:
            spectrum=rf"({OWN})/{GIVEN}/{DATASET}",
        group:
            DATA_GROUP
        conda:
            "../envs/sweep.yaml"
        resources:
            **NEEDS_OF_SPECTRUM,
        params:
            request=lambda wildcards: asdict(SWEEP.user_spectra[family_of(wildcards)]),
            source=source_digest("data/user_file.py"),
        message:
            "own spectrum {wildcards.spectrum}"
        script:
            "../scripts/given_spectrum.py"
