"""Why a runtime could not start a container or an exec in it, read from its message."""

from __future__ import annotations

import re

from kubectl_podx.facts.handlers import one_line

_EXEC = re.compile(r'exec:? "([^"]{1,200})"')
_LIMIT = re.compile(r"unable to set memory limit to (\d{1,15}) \(current usage: (\d{1,15})")
# What containerd, its shim and runc put before the one error that tells (cri-o: the last only).
_WRAPPERS = re.compile(
    r"(?:failed to create containerd task: |failed to create shim task: |"
    r"failed to start containerd task: |OCI runtime (?:create|start|exec) failed: |"
    r"runc (?:create|start) failed: |unable to start container process: |"
    r"container_linux\.go:\d+: |error during container init: )"
)
_CWD = re.compile(r'chdir to cwd \("([^"]{1,200})"\)|container init: mkdir (\S{1,200}?):')


def start_failure(message: str) -> str:
    """The reason in plain words, from the error of runc, crun or the kubelet.

    The order matters: a missing working directory also says `no such file or directory`.
    """
    low = message.lower()
    # Of an exec, the first word in quotes is its id; the program is named last.
    program = _EXEC.findall(message)
    name = f'"{program[-1]}"' if program else "its program"
    directory = _CWD.search(message)
    limit = _LIMIT.search(message)
    if limit:
        words = f"its memory limit of {limit[1]} bytes is less than the {limit[2]} bytes"
        return f"{words} that the container's own init takes"
    if "oom-killed" in low or "oom killed" in low:
        return "the memory limit is too low for the container's own init, which was OOM-killed"
    if directory or "cwd" in low or "working directory" in low:
        where = next((g for g in directory.groups() if g), "") if directory else ""
        return f"its working directory{f' {where!r}' if where else ''} cannot be entered"
    if "executable file not found" in low:
        return f"{name} is not in the image's PATH"
    if "exec format error" in low:
        return f"{name} is built for another CPU or is no executable"
    if "permission denied" in low and program:
        return f"{name} may not be executed (permission denied)"
    if "is a directory" in low and program:
        return f"{name} is a directory"
    if "not a directory" in low and "mount" in low:
        return "a file is mounted over a directory, or a directory over a file"
    if "no such file or directory" in low and program:
        return f"{name} does not exist in the image"
    return one_line(innermost(message)) or "the runtime gave no message"


def innermost(message: str) -> str:
    """The error behind the names of all the programs that handed it on."""
    last = None
    for match in _WRAPPERS.finditer(message):
        last = match
    return message[last.end() :] if last else message
