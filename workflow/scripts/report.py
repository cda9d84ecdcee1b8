from cftsr.jobs import logged

with logged(snakemake.log[0]):
    from pathlib import Path

    from cftsr.report import About, write_report
    from cftsr.summary import read_records

    records = read_records(snakemake.params.verdicts)
    write_report(
        records,
        snakemake.params.cells,
        page=snakemake.output.page,
        data_folder=Path("data/spectra"),
        published_folder=Path(snakemake.input.published[0]).parent,
        about=About(**snakemake.params.about),
    )
    print(f"{len(records)} of {len(snakemake.params.cells)} cells: {snakemake.output.page}")
