"""The second lowest weight of each theory less the lowest; theories with one weight have none."""

from cftsr.data.tasks.base import Task
from cftsr.data.tasks.weights import weights

TASK = Task("gap", "h_1-h_0", "gap", False, lambda family, theory, state: weights(family, theory).gap)
