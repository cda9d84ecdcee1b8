from cftsr.jobs import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from cftsr.rendering import typeset
    from cftsr.summary import read_records
    from cftsr.tables import write_tables

    message = write_tables(
        read_records(snakemake.input.verdicts),
        snakemake.params.cells,
        Path(snakemake.output.message).parents[1],
        Path(snakemake.input.published[0]).parent,
    )
    print(message)
    print(typeset(Path(snakemake.output.document)))
