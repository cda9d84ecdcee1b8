from cftsr.jobs import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from cftsr.engines.julia import prove

    print(prove(Path(snakemake.output.proof)))
