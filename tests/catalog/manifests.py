"""A manifest to start from; each test changes what it is about."""

from catalog.manifest import ManifestError, Problem, parse

SMALLEST = """
format = 1
id = "notice-board"
name = "Notice board"
tagline = "What everybody should know today"
license = "MIT"
stateless = true

[service]
install = "script/install"

[[port]]
number = 80
primary = true

[health.ready]
path = "/"
contains = "Notice board"

[resources]
memory = "64MiB"
disk = "128MiB"
"""


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    """Return what is said about a manifest; empty if nothing is wrong."""
    try:
        parse(text)
    except ManifestError as error:
        return error.problems
    return ()
