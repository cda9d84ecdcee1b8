# Julia, once: found or fetched, precompiled, proved with a tiny fit. Every PySR fit depends on it and runs offline.


localrules:
    julia,


rule julia:
    output:
        proof=paths.JULIA_PROOF,
    log:
        paths.JULIA_LOG,
    conda:
        "../envs/pysr.yaml"
    message:
        "Julia: resolve, precompile, and prove it with a tiny fit (minutes, the first time)"
    script:
        "../scripts/julia.py"
