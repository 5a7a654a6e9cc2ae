"""A file that the person asked for: whole under its name, or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from kubectl_podx.model.errors import InputError


def replace_file(path: Path, data: bytes, *, executable: bool = False) -> None:
    """Writes the file, for its owner alone or as a program for everybody.

    The bytes take the name when all of them are on the disk. InputError where they cannot.
    """
    if path.is_symlink():
        raise InputError(f"refusing to write through the symbolic link {str(path)!a}")
    if path.exists() and not path.is_file():
        # The new file takes the place of the old one: of a device such as /dev/null, too.
        raise InputError(f"refusing to replace {str(path)!a}, which is not a regular file")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent or ".", prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if executable:
                Path(temporary).chmod(0o755)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"cannot write {str(path)!a}: {error.strerror or 'input/output error'}"
        ) from None
