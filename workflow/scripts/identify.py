from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from cftsr.identify.accuracy import measure, write_accuracy

    measured = measure(snakemake.params.trials, snakemake.params.seed)
    write_accuracy(
        measured, snakemake.output.json, snakemake.output.markdown, snakemake.output.csv, snakemake.output.tex
    )
