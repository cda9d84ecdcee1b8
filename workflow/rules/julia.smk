# Julia, once: found or fetched, precompiled, proved with a tiny fit. Every PySR fit depends on it and runs offline.


localrules:
    julia,


rule julia:
    output:
        proof=".julia/proof.json",
    log:
        ".julia/julia.log",
    conda:
        "../envs/pysr.yaml"
    message:
        "Julia: resolve, precompile, and prove it with a tiny fit (minutes, the first time)"
    script:
        "../scripts/julia.py"
