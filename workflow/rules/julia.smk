# Julia, once: found or fetched, precompiled, proved with a tiny fit. Every PySR fit depends on it and runs offline.

from cftsr.engines.pysr.julia import PROOF


localrules:
    julia,


rule julia:
    output:
        proof=PROOF.as_posix(),
    log:
        paths.JULIA_LOG,
    conda:
        "../envs/pysr.yaml"
    message:
        "Julia: resolve, precompile, and prove it with a tiny fit (minutes, the first time)"
    script:
        "../scripts/julia.py"
