"""What allauth is told at the entrance: how often somebody may try, and which form of ours stands where."""

RATES = {
    "signup": "20/h/ip",
    "reset_password": "10/h/ip,3/h/key",
    "report": "5/h/ip",
    "join": "60/h/ip",
    "check": "20/h/user",
    "wish": "20/h/user",
    "api": "120/m/user",
    "try": "3/h/ip",
    "elsewhere": "60/m/ip",
}
"""By what is tried: how often in what time, and who is counted."""

FORMS = {
    "add_webauthn": "portal.people.ways_forms.AddPasskeyForm",
    "edit_webauthn": "portal.people.ways_forms.RenamePasskeyForm",
    "login_webauthn": "portal.people.ways_forms.LoginPasskeyForm",
    "authenticate_webauthn": "portal.people.ways_forms.SecondStepPasskeyForm",
    "reauthenticate_webauthn": "portal.people.ways_forms.AgainPasskeyForm",
    "authenticate": "portal.people.ways_forms.SecondStepCodeForm",
    "reauthenticate": "portal.people.ways_forms.AgainCodeForm",
    "activate_totp": "portal.people.ways_forms.AddCodesForm",
}
