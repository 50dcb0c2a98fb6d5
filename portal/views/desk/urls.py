"""The map of the desk."""

from django.urls import path

from portal.views.desk import apps, books, house, mail, people, places, reports, today

urlpatterns = [
    path("desk", today.today, name="desk"),
    path("desk/launches", today.launches, name="desk-launches"),
    path("desk/apps", apps.apps, name="desk-apps"),
    path("desk/apps/<int:pk>", apps.app, name="desk-app"),
    path("desk/apps/<int:pk>/publish", apps.publish, name="desk-app-publish"),
    path("desk/apps/<int:pk>/feature", apps.feature, name="desk-app-feature"),
    path("desk/apps/<int:pk>/look", apps.look, name="desk-app-look"),
    path("desk/apps/<int:pk>/turn-down", apps.turn_down, name="desk-app-turn-down"),
    path("desk/apps/<int:pk>/retire", apps.retire, name="desk-app-retire"),
    path("desk/places", places.places, name="desk-places"),
    path("desk/places/<int:pk>/drain", places.drain, name="desk-place-drain"),
    path("desk/places/<int:pk>/open", places.reopen, name="desk-place-open"),
    path("desk/machines/<int:pk>/waive", places.waive, name="desk-machine-waive"),
    path("desk/people", people.people, name="desk-people"),
    path("desk/people/<int:pk>/curator", people.curator, name="desk-curator"),
    path("desk/people/<int:pk>/let-in", house.let_in, name="desk-let-in"),
    path("desk/people/<int:pk>/second-step", people.second_step, name="desk-second-step"),
    path("desk/people/<int:pk>/allowance", house.allowance, name="desk-allowance"),
    path("desk/settings", house.settings, name="desk-settings"),
    path("desk/invitations", house.invitations, name="desk-invitations"),
    path("desk/invitations/<int:pk>/end", house.end_invitation, name="desk-invitation-end"),
    path("desk/events", books.events, name="desk-events"),
    path("desk/reports", reports.reports, name="desk-reports"),
    path("desk/reports/<int:pk>", reports.report, name="desk-report"),
    path("desk/services/<str:key>/suspend", reports.suspend, name="desk-suspend"),
    path("desk/services/<str:key>/lift", reports.lift, name="desk-lift"),
    path("desk/mail", mail.mail, name="desk-mail"),
    path("desk/mail/test", mail.test, name="desk-mail-test"),
    path("desk/mail/again", mail.again, name="desk-mail-again"),
    path("desk/mail/let-go", mail.let_go, name="desk-mail-let-go"),
    path("desk/mail/letters/<path:name>.html", mail.preview_html, name="desk-letter-html"),
    path("desk/mail/letters/<path:name>", mail.preview, name="desk-letter"),
    path("desk/audit", books.audit, name="desk-audit"),
]
