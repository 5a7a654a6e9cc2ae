"""`--open`: a page in a file of one's own, shown by the browser."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from pathlib import Path

from kubectl_podx.cli.environment import Environment
from kubectl_podx.model.errors import InputError


def open_page(page: str, env: Environment) -> None:
    """Writes the page with mode 0600 and opens it. Where it is, is said on standard error.

    The file stays: a browser reads it when it gets to it, and again on a reload. Without a browser
    the file is all there is, and that is said, too.
    """
    path = _written(page)
    try:
        shown = webbrowser.open(path.as_uri())
    except (webbrowser.Error, OSError):
        shown = False
    if shown:
        env.say(f"The page is in {path}; delete it when you have read it.")
    else:
        env.say(f"No browser could be started. The page is in {path}")


def _written(page: str) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix="podx-", suffix=".html")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(page)
    except OSError as error:
        raise InputError(
            f"cannot write the page: {(error.strerror or 'input/output error').lower()}"
        ) from None
    return Path(name)
