"""Keeping one workspace's index equal to its disk while a process lives: when what is done, and what goes first."""

from vizsla.services.scheduling.schedule import Schedule
from vizsla.services.scheduling.state import Activity, ScheduleState

__all__ = ["Activity", "Schedule", "ScheduleState"]
