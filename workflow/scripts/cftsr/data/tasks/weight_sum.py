"""The sum of the weights of all fields of each theory."""

from cftsr.data.tasks.base import Task
from cftsr.data.tasks.weights import weights

TASK = Task(
    "weight_sum", "h_sum", "sum of the weights", False, lambda family, theory, state: weights(family, theory).total
)
