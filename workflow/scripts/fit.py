from cftsr.jobs.script import limit_threads, logged

limit_threads(snakemake.threads)

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    import sys

    from cftsr.engines import get_engine
    from cftsr.files import back_to_the_present
    from cftsr.jobs.fit_cell import FitRequest, fit_cell
    from cftsr.jobs.worker import fit_in_worker
    from cftsr.sweep.paths import Fits

    back_to_the_present(snakemake.input)
    setting, engine, seed = snakemake.wildcards.fit.split("/")
    settings = snakemake.config["fit"]
    request = FitRequest(
        data=snakemake.input.data,
        engine=engine,
        setting=setting,
        seed=int(seed.removeprefix("seed")),
        options=dict(snakemake.params.options),
        front=snakemake.output.front,
        fit=snakemake.output.fit,
        cost=snakemake.output.cost,
        workspace=Fits.of(snakemake.config["budget"]).unfinished(
            f"{snakemake.wildcards.spectrum}/{snakemake.wildcards.fit}"
        ),
        source=snakemake.params.source,
        # Not a parameter: another limit is no reason to fit again.
        chunk_minutes=settings["chunk_minutes"],
    )
    if get_engine(engine).slow_start and settings["idle_seconds"]:
        fit_in_worker(request, sys.stdout.fileno(), settings["idle_seconds"])
    else:
        fit_cell(request)
