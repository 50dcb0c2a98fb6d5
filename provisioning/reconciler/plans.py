"""Which steps each course of each kind of row walks, in order."""

from collections.abc import Sequence
from typing import Any

from provisioning.phases import Kind
from provisioning.reconciler.decide import Course
from provisioning.step import Step
from provisioning.steps import deployment as of_deployment
from provisioning.steps import machine as of_machine

PLANS: dict[tuple[Kind, Course], Sequence[Step[Any]]] = {
    (Kind.DEPLOYMENT, Course.LAUNCHING): (
        of_deployment.Machines(),
        of_deployment.AnswerAtMachine(),
        of_deployment.Publish(),
        of_deployment.AnswerAtAddress(),
    ),
    (Kind.DEPLOYMENT, Course.SHUTTING): (
        of_deployment.Unpublish(),
        of_deployment.Shut(),
    ),
    (Kind.DEPLOYMENT, Course.KEEPING): (
        of_deployment.LetGoOfBefore(),
        of_deployment.Reopened(),
        of_deployment.MachinesStillReady(),
        of_deployment.StillPublished(),
        of_deployment.StillAnswers(),
        of_deployment.RestartSilent(),
        of_deployment.NextMachine(),
    ),
    (Kind.DEPLOYMENT, Course.MOVING): (
        of_deployment.Unpublish(),
        of_deployment.HandOn(),
        of_deployment.NextReady(),
        of_deployment.AnswerAtNext(),
        of_deployment.Swap(),
    ),
    (Kind.DEPLOYMENT, Course.GIVING_BACK): (
        of_deployment.LetGoOfLost(),
        of_deployment.KeepForALook(),
        of_deployment.Unpublish(),
        of_deployment.Settle(),
        of_deployment.LetGo(),
    ),
    (Kind.DEPLOYMENT, Course.RETIRING): (
        of_deployment.Unpublish(),
        of_deployment.Settle(),
        of_deployment.LetGo(),
        of_deployment.Forget(),
    ),
    (Kind.MACHINE, Course.LAUNCHING): (
        of_machine.Allocate(),
        of_machine.Reach(),
        of_machine.FetchService(),
        of_machine.Install(),
        of_machine.Restore(),
        of_machine.Configure(),
        of_machine.LoadData(),
        of_machine.StartPrograms(),
        of_machine.SchedulePulls(),
    ),
    (Kind.MACHINE, Course.SHUTTING): (of_machine.CutOff(),),
    (Kind.MACHINE, Course.KEEPING): (
        of_machine.StillThere(),
        of_machine.EndsItself(),
        of_machine.Restart(),
        of_machine.PullNow(),
        of_machine.StillFresh(),
        of_machine.DiskWatched(),
        of_machine.KeepCopy(),
    ),
    (Kind.MACHINE, Course.GIVING_BACK): (
        of_machine.LastWords(),
        of_machine.Seen(),
    ),
    (Kind.MACHINE, Course.RETIRING): (
        of_machine.LastWords(),
        of_machine.Teardown(),
        of_machine.EndJobs(),
        of_machine.Remove(),
        of_machine.Absent(),
        of_machine.ForgetKeys(),
    ),
}

TRIAL: dict[Course, Sequence[Step[Any]]] = {
    Course.LAUNCHING: (of_machine.Allocate(), of_machine.Reach()),
    Course.KEEPING: (of_machine.Leave(),),
    Course.GIVING_BACK: (of_machine.LastWords(), of_machine.Leave()),
    Course.RETIRING: PLANS[Kind.MACHINE, Course.RETIRING],
}
"""Of a machine that is made to see whether its place makes machines."""

ONCE = frozenset({Course.LAUNCHING, Course.RETIRING})
"""Courses whose steps are done once and remembered; in the others every step is looked at each time."""
