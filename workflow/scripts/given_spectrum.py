from cftsr.jobs import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.given import GivenSpectrum, read_given
    from cftsr.spectra import write_spectrum

    given = read_given(GivenSpectrum(**snakemake.params.request))
    write_spectrum(snakemake.output.data, given.data)
    write_spectrum(snakemake.output.held_out, given.held_out)
    print(f"{len(given.data)} rows, {len(given.held_out)} held out")
    for note in given.notes:
        print(note)
