"""The one table of sentences: from a problem's code, and from a step's name, to what a person reads.

Marked for translation here, put together where they are shown. `%(title)s` is the service's name; the other names are
the parameters of the Stop that carries the code.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

PROBLEMS: Mapping[str, Sentence] = {
    "our-mistake": _("The portal itself made a mistake while working on %(title)s."),
    # the app
    "install-failed": _("The installer of %(title)s stopped with an error."),
    "configure-failed": _("%(title)s was installed, but making it yours stopped with an error."),
    "content-failed": _("The content of %(title)s could not be filled in."),
    "outputs-are-missing": _("%(title)s was made yours, but it did not hand over what it promised."),
    "outputs-are-not-json": _("%(title)s handed over its first password in a form that nobody can read."),
    "no-such-user": _("%(title)s wants to run as a user that its installer did not make."),
    "not-a-file": _("A program that %(title)s names is not a file."),
    "never-answered": _("%(title)s was installed, but its page never answered as it should (%(why)s)."),
    "took-too-long": _("%(title)s was not ready in time."),
    "disk-full": _("The disk of %(title)s is full."),
    # the place and its machines
    "place-is-full": _("There is no free machine for %(title)s at the moment."),
    "zone-is-full": _("There is no free machine for %(title)s at the moment."),
    "place-too-small": _("No machine of the place is large enough for %(title)s."),
    "place-away": _("The place where machines come from does not answer."),
    "place-troubled": _("The place where machines come from is in trouble."),
    "place-busy": _("The place where machines come from has too much to do at the moment."),
    "place-locks-us-out": _("The place where machines come from does not let the portal in any more."),
    "no-such-host": _("This place has no computer of that name any more."),
    "host-in-quarantine": _(
        "The computer that %(title)s was on could not be made quite clean, so nobody else gets it until an administrator "
        "has looked."
    ),
    "host-is-protected": _("The computer that %(title)s is on is protected, so the portal does not touch it."),
    "sudo-refused": _("The machine of %(title)s let us in, but not do what an administrator may."),
    "place-refused": _("The place where machines come from refused the machine for %(title)s."),
    "ports-in-use": _("Something else on this computer uses the ports that %(title)s was to have."),
    "subnet-in-use": _("Something else on this computer uses the network that %(title)s was to have."),
    "machine-image-missing": _("What new machines are made from is missing."),
    "machine-is-not-ours": _("The place gave %(title)s a machine that is somebody else's, so we did not touch it."),
    "machine-request-unsafe": _("The machine for %(title)s would not have been safe, so we did not ask for it."),
    "machine-request-changed": _(
        "The portal asked for the machine of %(title)s twice, and not for the same one: a mistake of its own."
    ),
    "machine-died": _("The machine of %(title)s is not there any more."),
    "machine-never-started": _("The machine for %(title)s did not start within %(minutes)s minutes."),
    "machine-never-answered": _("The machine for %(title)s started, but let nobody in within %(minutes)s minutes."),
    "machine-not-reachable": _("The machine of %(title)s cannot be reached."),
    "network-cannot-be-cut": _("Visitors are kept out of %(title)s, but its machine cannot be taken off its network."),
    "no-answer": _("The machine of %(title)s does not answer."),
    "connection-lost": _("The line to the machine of %(title)s broke."),
    "login-refused": _("The machine of %(title)s did not let us in."),
    "host-key-changed": _("The machine of %(title)s is not the one we made, so we did not go in."),
    "bad-login-key": _("Our key to the machine of %(title)s is broken."),
    "bad-host-key": _("The key by which the machine of %(title)s is to be known is broken, so we did not go in."),
    "machine-busy": _("Too much is going on at the machine of %(title)s at once."),
    "machine-misbehaves": _("The machine of %(title)s answers in a way that makes no sense."),
    "machine-refused": _("The machine of %(title)s refused what we asked of it."),
    "machine-without-python": _("The machine of %(title)s lacks Python, which we need on it."),
    "python-too-old": _("The Python on the machine of %(title)s is too old."),
    "system-is-not-supported": _("%(title)s does not run on the system of the machine it got (%(system)s)."),
    "cannot-go-on-board": _("The machine of %(title)s could not be prepared."),
    "onboard-failed": _("What we put on the machine of %(title)s stopped with an error."),
    "onboard-refused": _("We asked the machine of %(title)s for something wrong."),
    "fetch-failed": _("The app's own files could not be fetched for %(title)s."),
    "front-door-away": _("The front door, which leads visitors to %(title)s, does not answer."),
    "restore-failed": _("The copy for %(title)s could not be unpacked on its machine."),
    "copy-is-not-there": _(
        "The copy that was to be put up again as %(title)s could not be read from where it is kept."
    ),
    # the end
    "teardown-failed": _("%(title)s could not say goodbye as its author wanted; it was packed away all the same."),
    "copy-failed": _("The copy of %(title)s could not be made."),
    "copies-away": _("The place where copies are kept does not answer, so the copy of %(title)s waits."),
    "copy-is-too-large": _("The copy of %(title)s would be larger than all copies that its owner may ask for."),
    "copy-outgrew-its-disk": _(
        "The copy of %(title)s would be several times larger than the disk that its app has asked for."
    ),
    "copy-is-damaged": _("The copy of %(title)s was made, but it could not be read back."),
    "copy-on-hold": _(
        "The copy of %(title)s could not be made, so we keep everything as it is, with its doors closed."
    ),
}

CONTENT: Mapping[str, Sentence] = {
    "no-such-commit": _("The content repository does not hold the version that was asked for."),
    "access-refused": _("The content repository did not let us in."),
    "too-big": _("The new content is larger than the app allows."),
    "bad-content": _("The new content could not be unpacked."),
    "unreachable": _("The content repository does not answer."),
    "out-of-time": _("Fetching the new content took too long."),
    "hook-failed": _("The new content came, but the app could not take it in."),
    "disk-full": _("There is no room for the new content."),
    "history-rewritten": _("The content repository's past was changed, and this app only goes forward."),
    "nothing-there": _("The content repository has nothing where the app looks for it."),
    "bad-parameters": _("We asked for the new content in a wrong way."),
    "overlap": _("New content was being fetched already."),
    "ended": _("Fetching the new content was interrupted."),
}
"""Why newer content is not in, by the words of machine/onboard/failure.py."""

WAITS: Mapping[str, Sentence] = {
    "launches-are-paused": _("New launches are paused by the people who run this portal; yours keeps its place."),
    "many-are-being-set-up": _("Many services are being set up at this moment."),
    "not-your-turn": _("Turns go from person to person, and it is somebody else's."),
    "no-room": _("All machines are taken."),
    "no-room-there": _("There is no free machine at the place that was chosen. That is not your fault."),
    "no-place": _("No place is open that this app, its event and you may use."),
    "no-room-elsewhere": _("No other place has room that costs no more, so it runs on where it is."),
    "the-cap-is-reached": _(
        "It would go beyond what may be spent at this place this month, all that runs there counted to its end."
    ),
    "your-share-is-used": _("Your other services use all the room that one person gets."),
    "the-event-is-full": _("The event has as many services as it may have."),
    "quarantine": _(
        "This portal was put back from a backup. Until an administrator has looked at what differs, nothing is taken away."
    ),
}
"""Why a row waits: for room, by the codes of provisioning/admission.py; on its way out, by that of reconciler/walk.py."""

ANSWERS: Mapping[str, Sentence] = {
    r"no answer in time": _("no answer in time"),
    r"connection refused": _("connection refused"),
    r"the front door answered in its place": _("the front door answered in its place"),
    r"status (?P<got>\d+), not (?P<due>\d+)": _("it said %(got)s instead of %(due)s"),
    r"text not found: (?P<text>.*)": _("this was not to be read on it: %(text)s"),
    r"title not found: (?P<text>.*)": _("its title did not hold this: %(text)s"),
    r"it sends visitors away to (?P<host>.*)": _("it sends visitors away to %(host)s"),
    r"more than (?P<n>\d+) redirects": _("it sends visitors on more than %(n)s times"),
    r"no page that can be read \((?P<text>.*)\)": _("no page that can be read (%(text)s)"),
    r"(?P<path>\S+) ended with (?P<code>-?\d+): (?P<said>.*)": _("%(path)s ended with %(code)s: %(said)s"),
}
"""What was wrong with an answer, by how provisioning/front_door/probe.py puts it."""

STEPS: Mapping[str, tuple[Sentence, Sentence]] = {
    "queued": (_("Waiting for room"), _("It is your turn")),
    "allocate": (_("Finding a machine for %(title)s"), _("Got a machine (%(memory)s MB)")),
    "reach": (_("Waiting until it has started"), _("It has started")),
    "fetch_service": (_("Fetching the app (%(version)s)"), _("App fetched (%(version)s)")),
    "install": (_("Installing it"), _("Installed")),
    "restore": (_("Putting back what was kept"), _("What was kept is back in its place")),
    "configure": (_("Making it yours: names, passwords, address"), _("It is yours")),
    "load_data": (_("Filling in the content"), _("The content is in")),
    "start_programs": (_("Starting its programs"), _("Its programs run")),
    "schedule_pulls": (_("Arranging that it keeps itself fresh"), _("Looks for new content by itself")),
    "answer_at_machine": (_("Opening the page to see that it really works"), _("The page answers")),
    "publish": (_("Putting it at its address"), _("It has its address")),
    "answer_at_address": (_("Opening its address as a visitor would"), _("Ready at %(host)s")),
    # on the way to another place
    "hand_on": (_("Making a copy of what is in it"), _("A copy was made, read back and found whole")),
    "next_ready": (_("Getting it ready at the other place"), _("It is ready at the other place")),
    "answer_at_next": (_("Opening its page there to see that it really works"), _("Its page answers there")),
}
"""While it is being made true · since it is."""

VALUES: Mapping[str, Sentence] = {
    "unknown": _("The app does not ask for this."),
    "needed": _("The app cannot start without this."),
    "nul": _("There is a character in it that no text may hold."),
    "control": _("Please write it in one line, without control characters."),
    "too-short": _("It needs at least %(min)s characters."),
    "too-long": _("It may have at most %(max)s characters."),
    "too-small": _("It must be %(min)s or more."),
    "too-large": _("It must be %(max)s or less."),
    "not-fitting": _("The app does not take it in this form."),
    "not-a-choice": _("Please choose one of: %(choices)s."),
    "wrong-kind": _("This is not what the app expects here: %(kind)s."),
}
"""Why a value of the launch form cannot be taken; the codes are those of catalog/manifest/params.py."""
