"""Commands that a remedy offers: built as argument lists from checked names, quoted for a shell."""

from __future__ import annotations

import re
import shlex

# What Kubernetes allows in names of objects, containers and labels; nothing else reaches a command.
_SAFE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/=,@%+-]*[A-Za-z0-9])?")
_PLACEHOLDER = "NAME"


def kubectl(*words: str, namespace: str = "") -> str:
    """`kubectl WORDS -n NAMESPACE`, each word quoted where a shell would read more into it."""
    command = ["kubectl", *words]
    if namespace:
        command += ["-n", checked(namespace)]
    return shlex.join(command)


def checked(name: str) -> str:
    """The name where it is a proper one, else a placeholder: observed bytes never get here."""
    return name if len(name) <= 253 and _SAFE.fullmatch(name) else _PLACEHOLDER
