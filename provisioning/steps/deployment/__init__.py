"""A deployment's steps, a file for each part of its life."""

from provisioning.steps.deployment.answer import AnswerAtAddress, AnswerAtMachine, StillAnswers
from provisioning.steps.deployment.let_go import Forget, KeepForALook, LetGo, LetGoOfLost
from provisioning.steps.deployment.machines import Machines, MachinesStillReady
from provisioning.steps.deployment.move import AnswerAtNext, HandOn, LetGoOfBefore, NextMachine, NextReady, Swap
from provisioning.steps.deployment.publish import Publish, StillPublished, Unpublish
from provisioning.steps.deployment.restart import RestartSilent
from provisioning.steps.deployment.settle import Settle
from provisioning.steps.deployment.suspend import Reopened, Shut

__all__ = [
    "AnswerAtAddress",
    "AnswerAtMachine",
    "AnswerAtNext",
    "Forget",
    "HandOn",
    "KeepForALook",
    "LetGo",
    "LetGoOfBefore",
    "LetGoOfLost",
    "Machines",
    "MachinesStillReady",
    "NextMachine",
    "NextReady",
    "Publish",
    "Reopened",
    "RestartSilent",
    "Settle",
    "Shut",
    "StillAnswers",
    "StillPublished",
    "Swap",
    "Unpublish",
]
