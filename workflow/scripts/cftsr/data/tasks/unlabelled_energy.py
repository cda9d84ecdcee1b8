"""The energy of each level, where the data do not say which field a level belongs to."""

from cftsr.data.tasks.base import Task
from cftsr.data.tasks.energy import energy

TASK = Task("unlabelled_energy", "E", "energy without labels", True, energy, labelled=False)
