from cftsr.jobs import limit_threads, logged

limit_threads(snakemake.threads)

with logged(snakemake.log[0]):
    from cftsr.fitting import fit_cell

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
    )
