from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.generate import generate

    data, held_out = generate(**snakemake.params.request)
    write_dataset(snakemake.output.data, data)
    write_dataset(snakemake.output.held_out, held_out)
    print(f"{len(data)} rows, {len(held_out)} held out")
