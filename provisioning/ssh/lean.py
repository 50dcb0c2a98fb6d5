"""To be loaded before paramiko, which wants a library for `Match exec` of an ssh_config: none is ever read here, and it is
6 MiB in each of our programs. paramiko does without.
"""

import sys

sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
