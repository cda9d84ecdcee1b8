"""The commands of `cftsr`, a module each with `add_arguments(parser)` and `run(arguments)`."""

from __future__ import annotations

# Name -> module, and what `cftsr --help` says. Only the module of the command that is run is imported.
COMMANDS = {
    "fit": ("cftsr.commands.fit", "the exact formula of one table, and how sure it is"),
    "check": ("cftsr.commands.check", "whether a formula of yours is exact on a table"),
    "prove": ("cftsr.commands.prove", "equations that another tool found: made exact, and proved"),
    "identify": ("cftsr.identify.command", "which theory, or product of theories, has these weights"),
    "families": ("cftsr.commands.families", "the families: labels, formulas, and where they are printed"),
    "export": ("cftsr.commands.export", "data sets with their formulas, as a benchmark for other tools"),
    "status": ("cftsr.commands.status", "what of a sweep is done, running, failed, and what is left"),
    "sweeps": ("cftsr.commands.sweeps", "which sweeps are here, and which configurations there are to run"),
    "tables": ("cftsr.commands.tables", "the tables of what a sweep has finished so far"),
    "message": ("cftsr.commands.message", "what is printed at the end of a sweep"),
    "record": ("cftsr.commands.record", "add what PySR found in a run here to data/recorded (make record)"),
    "replication": ("cftsr.commands.replication", "which of the paper's numbers replicate: writes docs/replication.md"),
}
