"""The container runtimes that a node can have. Each is a module with the same functions:

- NAME, the daemon; HELPERS, what else runs with the cluster's folder on its command line
- configure, daemon, socket, answers
- fill_before and fill_after its start: where images get in
"""

from types import ModuleType

import containerd
import crio

_ALL = {module.NAME: module for module in (containerd, crio)}
NAMES = tuple(_ALL)
HELPERS = tuple(name for module in _ALL.values() for name in module.HELPERS)


def of(name: str) -> ModuleType:
    return _ALL[name]
