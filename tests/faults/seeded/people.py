"""The people of an event, and the codes they come with: what goes wrong when a guard is away."""

from tests.faults.defect import Defect

EVENT, MEMBERS, JOINING = "provisioning/models/event.py", "portal/test_members", "portal/test_joining"

PEOPLE = (
    Defect(
        "take in more people than may",
        EVENT,
        " or self.memberships.count() >= most:",
        ":",
        f"{MEMBERS}::test_no_more_take_part_than_may",
    ),
    Defect(
        "let another send the owner away",
        EVENT,
        "and not (by == person and self._hand_over(person)):",
        "and not self._hand_over(person):",
        f"{MEMBERS}::test_the_owner_is_neither_sent_away_nor_made_less",
    ),
    Defect(
        "let the last organiser go",
        EVENT,
        "        return heir is not None\n",
        "        return True\n",
        f"{MEMBERS}::test_the_last_organiser_cannot_go",
    ),
    Defect(
        "change an event's people side by side",
        EVENT,
        "Event.objects.select_for_update().get(pk=self.pk)",
        "Event.objects.get(pk=self.pk)",
        f"{MEMBERS}::test_of_two_organisers_who_go_at_once_one_stays",
        on_postgres=True,
    ),
    Defect(
        "leave services with an owner who has gone",
        EVENT,
        "            self.deployments.update(owner=heir)\n",
        "",
        f"{MEMBERS}::test_when_the_owner_goes_the_organiser_who_came_first_answers_for_it",
    ),
    Defect(
        "let participants change what others put up",
        "portal/gate.py",
        " & (organises | Q(launched_by=user))",
        "",
        f"{MEMBERS}::test_who_may_put_something_up_looks_after_that_and_nothing_else",
    ),
    Defect(
        "tell participants what the installer says",
        "portal/views/stream.py",
        "        after = NO_LOG\n",
        "        after = max(after, 0)\n",
        "portal/test_stream::test_a_participant_is_told_of_changes_and_not_what_the_installer_says",
    ),
    Defect(
        "let people in with an old code",
        "provisioning/models/membership.py",
        "self.ended_at is None and at < self.event.closes_at",
        "at < self.event.closes_at",
        f"{JOINING}::test_an_old_code_says_whom_to_ask",
    ),
    Defect(
        "count no wrong codes",
        "portal/views/join.py",
        "return _limited(request) or render(",
        "return render(",
        f"{JOINING}::test_whoever_tries_many_codes_learns_nothing_any_more",
    ),
    Defect(
        "take a joining code for an invitation by any rule",
        "portal/people/accounts.py",
        "return house.who_may_sign_up == SignUp.INVITATION and joining",
        "return joining",
        f"{JOINING}::test_by_any_other_rule_a_joining_code_opens_no_door",
    ),
    Defect(
        "let in whoever signs in next at the same browser",
        "portal/people/joining.py",
        "if code and at < datetime.fromisoformat(since) + GOOD_FOR else None",
        "if code else None",
        f"{JOINING}::test_a_press_is_forgotten_before_somebody_else_signs_in_at_the_same_browser",
    ),
    Defect(
        "let a name write lines of a calendar file",
        "portal/pages/calendar.py",
        "SUMMARY:{escaped(event.name)}",
        "SUMMARY:{event.name}",
        "portal/test_calendar::test_a_name_adds_no_line_of_its_own",
    ),
)
