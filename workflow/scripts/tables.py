from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from pathlib import Path

    from cftsr.files import back_to_the_present
    from cftsr.output.tables.latex import typeset
    from cftsr.output.tables.write import write_tables
    from cftsr.results.findings import Findings
    from cftsr.results.summary import read_records
    from cftsr.sweep.named import write_configuration

    back_to_the_present(snakemake.input)
    findings = Findings(
        read_records(snakemake.input.verdicts, fronts=False),
        snakemake.params.cells,
        read_records(snakemake.input.reference, fronts=False),
    )
    message = write_tables(
        findings,
        Path(snakemake.output.message).parents[1],
        Path(snakemake.input.published[0]).parent,
    )
    write_configuration(snakemake.output.configuration, snakemake.params.configuration)
    print(message)
    print(typeset(Path(snakemake.output.document)))
