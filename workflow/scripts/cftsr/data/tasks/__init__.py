"""The tasks by name, in the order of tables. A new task is one module here and one name in `_NAMES`."""

from __future__ import annotations

from importlib import import_module

from cftsr.data.tasks.base import Task

_NAMES = (
    "central_charge",
    "conformal_weight",
    "energy",
    "unlabelled_energy",
    "lowest_weight",
    "effective_central_charge",
    "gap",
    "primaries",
    "weight_sum",
)

TASKS: dict[str, Task] = {name: import_module(f"{__name__}.{name}").TASK for name in _NAMES}

# The task of a user's own spectrum, whose target is the column that the user names. It is no quantity of a family.
GIVEN = "given"
