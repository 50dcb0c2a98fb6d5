"""Whether an engine would do: it answers, and has the image that machines start from. Nothing is changed there."""

from collections.abc import Iterator

from docker.errors import NotFound

from provisioning.driver import Finding
from provisioning.driver import marked as _
from provisioning.fabrics.container.engine import Engine
from provisioning.fabrics.container.options import Options


def findings(engine: Engine, options: Options) -> Iterator[Finding]:
    """One about the engine, one about the image. Raises Stop."""
    version = {"version": str(engine.api.version().get("Version", "?"))}
    yield Finding(options.docker_host, True, _("The engine answers, version %(version)s."), version)
    try:
        engine.api.inspect_image(options.image)  # type: ignore[no-untyped-call]
    except NotFound:
        wrong = _(
            "The engine has no image of this name. Make it there, or write down the name that `./fairground up` prints."
        )
        yield Finding(options.image, False, wrong)
    else:
        yield Finding(options.image, True, _("The image is there."))
