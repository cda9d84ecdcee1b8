"""c of each theory."""

from cftsr.data.tasks.base import Task

TASK = Task("central_charge", "c", "central charge", False, lambda family, theory, state: family.central_charge(theory))
