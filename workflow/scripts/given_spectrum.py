from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.user_file import GivenSpectrum, read_given

    given = read_given(GivenSpectrum(**snakemake.params.request))
    write_dataset(snakemake.output.data, given.data)
    write_dataset(snakemake.output.held_out, given.held_out)
    print(f"{len(given.data)} rows, {len(given.held_out)} held out")
    for note in given.notes:
        print(note)
