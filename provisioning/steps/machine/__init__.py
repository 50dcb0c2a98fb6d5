"""A machine's steps, a file for each part of its life."""

from provisioning.steps.machine.allocate import Allocate, Reach
from provisioning.steps.machine.bring import FetchService, Install
from provisioning.steps.machine.content import LoadData, PullNow, SchedulePulls, StillFresh
from provisioning.steps.machine.disk import DiskWatched
from provisioning.steps.machine.ends_itself import EndsItself
from provisioning.steps.machine.keep_copy import KeepCopy
from provisioning.steps.machine.last_words import LastWords
from provisioning.steps.machine.make_own import Configure, Restart, StartPrograms
from provisioning.steps.machine.remove import Absent, EndJobs, ForgetKeys, Leave, Remove, Teardown
from provisioning.steps.machine.restore import Restore
from provisioning.steps.machine.watch import CutOff, Seen, StillThere

__all__ = [
    "Absent",
    "Allocate",
    "Configure",
    "CutOff",
    "DiskWatched",
    "EndJobs",
    "EndsItself",
    "FetchService",
    "ForgetKeys",
    "Install",
    "KeepCopy",
    "LastWords",
    "Leave",
    "LoadData",
    "PullNow",
    "Reach",
    "Remove",
    "Restart",
    "Restore",
    "SchedulePulls",
    "Seen",
    "StartPrograms",
    "StillFresh",
    "StillThere",
    "Teardown",
]
