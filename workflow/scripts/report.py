from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from pathlib import Path

    from cftsr.files import back_to_the_present
    from cftsr.output.page import About, read_for_page, write_report
    from cftsr.results.findings import Findings
    from cftsr.results.summary import read_records
    from cftsr.sweep.paths import DataSets

    back_to_the_present(snakemake.input)
    records = read_for_page(snakemake.params.verdicts, snakemake.params.cells)
    repeated = read_records(snakemake.params.reference, fronts=False)
    write_report(
        Findings(records, snakemake.params.cells, repeated),
        page=snakemake.output.page,
        data_folder=DataSets().root,
        published_folder=Path(snakemake.input.published[0]).parent,
        about=About(**snakemake.params.about),
    )
    print(f"{len(records)} of {len(snakemake.params.cells)} cells: {snakemake.output.page}")
