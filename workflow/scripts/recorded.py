from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule):
    from pathlib import Path

    from cftsr.files import back_to_the_present
    from cftsr.results.recorded import restore
    from cftsr.sweep.cells import Cell
    from cftsr.sweep.paths import DataSets, Fits
    from cftsr.sweep.record import read_record

    back_to_the_present(snakemake.input)
    # The record of a budget, by the folder that its fits go to.
    known = {Fits.of(Path(path).stem).recorded.root: (path, read_record(path)) for path in snakemake.input.records}
    for root, (path, fits) in known.items():
        chosen = [(fits[Cell(**cell)], Fits(root)) for cell, place in snakemake.params.cells if place == root]
        print(f"{restore(chosen, DataSets(), path)} fits of {path}")
