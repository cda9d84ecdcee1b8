from cftsr.jobs.script import logged

with logged(snakemake.log[0], snakemake.rule, snakemake.wildcards):
    from cftsr.data.dataset import write_dataset
    from cftsr.data.generate import generate
    from cftsr.data.tasks import TASKS

    request, finding = snakemake.params.request, None
    data, held_out = generate(**request)
    if not TASKS[request["task"]].labelled:
        # What is found of the levels' quantum numbers is part of the data set.
        from cftsr.hidden.labelled import find_labels

        finding, data, held_out = find_labels(data, held_out, complete=True)
    write_dataset(snakemake.output.data, data)
    write_dataset(snakemake.output.held_out, held_out)
    print(f"{len(data)} rows, {len(held_out)} held out")
    if finding is not None:
        print(f"{finding.kind}: {finding.outcome}", *finding.equations(), *finding.reasons, sep="\n")
