# Which theory is this: random products drawn by seed, and how often they are identified. No part of a sweep: snakemake -j 1
# identify makes it, in two CPU minutes; a page that is made later shows it.

from cftsr.identify.accuracy import SEED, TRIALS

ACCURACY = paths.Accuracy()


rule identify:
    output:
        json=ACCURACY.file("json"),
        markdown=ACCURACY.file("md"),
        csv=ACCURACY.file("csv"),
        tex=ACCURACY.file("tex"),
    log:
        ACCURACY.log,
    conda:
        "../envs/sweep.yaml"
    resources:
        **NEEDS_OF_COLLECTION,
    params:
        trials=TRIALS,
        seed=SEED,
        source=source_digest("identify/accuracy.py", *(f"families/{name}.py" for name in family_names())),
    message:
        f"identify {TRIALS} random products of each kind"
    script:
        "../scripts/identify.py"
