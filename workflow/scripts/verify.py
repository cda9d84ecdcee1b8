from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.files import back_to_the_present
    from cftsr.fronts.verdict import verify_cell

    back_to_the_present(snakemake.input)
    verify_cell(
        front_path=snakemake.input.front,
        fit_path=snakemake.input.fit,
        data=snakemake.input.data,
        held_out=snakemake.input.held_out,
        closed_form=snakemake.params.closed_form,
        seconds=snakemake.params.seconds,
        verdict_path=snakemake.output.verdict,
    )
