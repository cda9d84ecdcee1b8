"""The lowest weight of each theory."""

from cftsr.data.tasks.base import Task
from cftsr.data.tasks.weights import weights

TASK = Task(
    "lowest_weight", "h_min", "lowest weight", False, lambda family, theory, state: weights(family, theory).lowest
)
