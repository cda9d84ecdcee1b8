from cftsr.jobs.script import limit_threads, logged

limit_threads(snakemake.threads)

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from pathlib import Path

    from cftsr.files import back_to_the_present
    from cftsr.jobs.fit_cell import fit_cell

    back_to_the_present(snakemake.input)
    setting, engine, seed = snakemake.wildcards.fit.split("/")
    fit_cell(
        data=snakemake.input.data,
        engine=engine,
        setting=setting,
        seed=int(seed.removeprefix("seed")),
        options=dict(snakemake.params.options),
        front_path=snakemake.output.front,
        fit_path=snakemake.output.fit,
        cost_path=snakemake.output.cost,
        workspace=Path(
            "results", snakemake.config["budget"], "unfinished", snakemake.wildcards.spectrum, snakemake.wildcards.fit
        ),
        source=snakemake.params.source,
        # Not a parameter: another limit is no reason to fit again.
        chunk_minutes=snakemake.config["fit"]["chunk_minutes"],
    )
