"""h of each primary field."""

from cftsr.data.tasks.base import Task

TASK = Task(
    "conformal_weight",
    "h",
    "conformal weight",
    True,
    lambda family, theory, state: family.conformal_weight(theory, state),
)
