"""What container machines start from: Debian 12 with tini, runit, sshd, cron, git and python3. Stdlib only.

There is one recipe: `packages.txt`, the tree under `files/`, then `finish.sh`. It is baked by `cli/machine_image.py` from
the package mirror, and needs no registry. The image is named by the digest of its recipe, so an unchanged recipe is baked once.
"""

from machine.image.recipe import Recipe, read_recipe

__all__ = ["Recipe", "read_recipe"]
