from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.user_file import SpectrumRequest, read_spectrum

    spectrum = read_spectrum(SpectrumRequest(**snakemake.params.request))
    write_dataset(snakemake.output.data, spectrum.data)
    write_dataset(snakemake.output.held_out, spectrum.held_out)
    print(f"{len(spectrum.data)} rows, {len(spectrum.held_out)} held out")
    for note in spectrum.notes:
        print(note)
