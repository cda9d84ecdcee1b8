from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from cftsr.files import back_to_the_present
    from cftsr.results.recorded import judge_restored
    from cftsr.sweep.cells import Cell
    from cftsr.sweep.paths import DataSets, Fits

    back_to_the_present(snakemake.input)
    judge_restored(
        [(Cell(**cell), Fits(root)) for cell, root in snakemake.params.cells],
        DataSets(),
        snakemake.params.closed_forms,
        snakemake.params.seconds,
    )
