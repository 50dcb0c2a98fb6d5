"""`./fairground admin`: a new first password for an administrator, printed once."""

from cli import venv
from cli.home import settings_file
from cli.manage import manage
from cli.talk import HaltError


def admin(email: str) -> int:
    """Of the one with this address, else the first; makes one if there is none. Raises HaltError."""
    if not venv.PYTHON.exists() or not settings_file().exists():
        raise HaltError("There is no portal here yet. `./fairground up` makes it, and its first administrator.")
    print(manage("first_admin", "--again", *(["--email", email] if email else [])), end="")
    return 0
