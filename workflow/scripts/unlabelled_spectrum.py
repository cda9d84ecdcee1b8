from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.generate import generate
    from cftsr.hidden.labelled import find_labels

    finding, data, held_out = find_labels(*generate(**snakemake.params.request), complete=True)
    write_dataset(snakemake.output.data, data)
    write_dataset(snakemake.output.held_out, held_out)
    print(f"{len(data)} rows, {len(held_out)} held out; {finding.kind}: {finding.outcome}")
    print(*finding.equations(), *finding.reasons, sep="\n")
