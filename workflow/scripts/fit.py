from cftsr.jobs import limit_threads, logged

limit_threads(snakemake.threads)

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.files import back_to_the_present
    from cftsr.fitting import fit_cell

    back_to_the_present(snakemake.input)
    fit_cell(
        data=snakemake.input.data,
        engine=snakemake.wildcards.engine,
        setting=snakemake.wildcards.setting,
        seed=int(snakemake.wildcards.seed),
        options=dict(snakemake.params.options),
        front_path=snakemake.output.front,
        fit_path=snakemake.output.fit,
        cost_path=snakemake.output.cost,
        workspace=snakemake.params.workspace,
        source=snakemake.params.source,
        # Not a parameter: another limit is no reason to fit again.
        chunk_minutes=snakemake.config["fit"]["chunk_minutes"],
    )
