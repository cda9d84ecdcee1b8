from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from pathlib import Path

    from cftsr.files import back_to_the_present
    from cftsr.output.rendering import typeset
    from cftsr.output.tables import write_tables
    from cftsr.results.summary import read_records

    back_to_the_present(snakemake.input)
    message = write_tables(
        read_records(snakemake.input.verdicts, fronts=False),
        snakemake.params.cells,
        Path(snakemake.output.message).parents[1],
        Path(snakemake.input.published[0]).parent,
    )
    print(message)
    print(typeset(Path(snakemake.output.document)))
