# Rediscover the formulas of rational conformal field theories: the paper's sweep.
#
#   snakemake -j N                          the sweep of config.yaml
#   snakemake -j N --config budget=paper    the same with the paper's settings

from snakemake.utils import min_version

min_version("9.0")


# The first page of what `snakemake --report` makes.
report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/messages.smk"
include: "workflow/rules/spectra.smk"
include: "workflow/rules/julia.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/verify.smk"
include: "workflow/rules/recorded.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/identify.smk"
include: "workflow/rules/report.smk"


if workflow.remote_exec:

    # Inside a submission, all of its jobs run in this process of Snakemake, one after the other. Else the Slurm plugin
    # starts a step with a Snakemake of its own for every cell, which takes longer than many a fit.
    localrules:
        spectrum,
        fit,
        verify,
        tables,
        report,


rule all:
    default_target: True
    input:
        RESULTS.summary("parquet"),
        RESULTS.page,
