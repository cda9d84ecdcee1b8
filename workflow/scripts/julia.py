from cftsr.jobs.script import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from cftsr.engines.pysr.julia import prove

    print(prove(Path(snakemake.output.proof)))
