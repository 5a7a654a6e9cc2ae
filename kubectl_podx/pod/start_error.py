"""Why a runtime could not make or start a container or an exec in it, read from its message.

The words are those of the kubelet, containerd, CRI-O and runc, each as a real one said them.
"""

from __future__ import annotations

import re

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, items, one_line, text
from kubectl_podx.pod.probe_events import strip_combined

_IN_QUOTES = lazy(r'"(?:[^"\\]|\\.){0,4000}"|\'[^\'\s]{1,300}\'')
_BRACES = lazy(r"\{[^{}]{0,1000}\}")
_URL = lazy(r"\b[a-z][a-z0-9+.-]{1,20}://\S{1,2000}")

# A path, an image, a repository: what has a slash in it, but for the i/o of `i/o timeout`.
_WITH_SLASH = lazy(
    r"(?<!\S)(?!i/o\b)(?:[^\s:/]{1,253}:\d{1,5}(?=/))?[^\s:]{0,500}/[^\s:]{0,500}(?::[\w.-]{1,128})?"
)


def without_names(message: str, *names: str) -> str:
    """The message's own words in lower case, with `_` for what is quoted, a path or a URL, and for
    these names.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        message = message.replace(name, "_")
    for pattern in (_URL, _WITH_SLASH):
        message = pattern.sub("_", without_quotes(message))
    return message.lower()


def without_quotes(message: str) -> str:
    """The message with `_` for what is quoted or in braces."""
    return _BRACES.sub("_", _IN_QUOTES.sub("_", message))


_EXEC = lazy(r'exec:? "([^"]{1,200})"')
_LIMIT = lazy(r"unable to set memory limit to (\d{1,15}) \(current usage: (\d{1,15})")

_LEAST = lazy(r"(pod )?set memory limit (\d{1,15}) too low; should be at least (\d{1,15}) bytes")

# CRI-O hands on what runc wrote to its log: a line of key=value, the message quoted as Go does.
_LOGGED = lazy(r'time="[^"\\]{1,60}" level=\w{1,10} msg="((?:[^"\\]|\\.){0,4000})"')
_QUOTED = lazy(r"\\(.)")

# Of an exec that failed, CRI-O also tells what it printed: nothing.
_PRINTED = lazy(r'\s*, stdout: , stderr: , exit code -1(?:, message: "")?\s*$')

# What the programs put before the one error that tells, each in its own words.
_WRAPPERS = lazy(
    r"(?:failed to create containerd task: |failed to create shim task: |"
    r"failed to start containerd task: |OCI runtime (?:create|start|exec) failed: |"
    r"runc (?:create|start) failed: |exec failed: |unable to start container process: |"
    r"container create failed: |command error: |setup seccomp: |"
    r'failed to generate container "\w{1,80}" spec: |failed to generate spec: |'
    r"failed to create containerd container: |"
    r"(?:failed to mount image volume: )?ImageVolumeMountFailed: |"
    r'(?:failed to start sandbox|unable to get OCI runtime for sandbox) "\w{1,80}": |'
    r"container_linux\.go:\d+: |error during container init: |"
    r"failed to create pod network sandbox \S{1,300}: |"
    r"failed to pin namespaces \[[^\]]{0,300}\]: |\[pinns:[ew]\]: (?=.*\[pinns:)|"
    r"rpc error: code = \w+ desc = )",
    re.DOTALL,
)

_CWD = lazy(
    r'chdir to cwd \("([^"]{1,200})"\)|container init: mkdir (\S{1,200}?):|'
    r"^mkdir /\S{1,300}/merged(/\S{0,200}?):"
)

_MOUNT = lazy(r'error mounting "[^"]{1,400}" to rootfs at "([^"]{1,200})"')
_SECCOMP = lazy(r'(?:load local profile|load seccomp profile) "([^"]{1,300})"')

_SUB_PATH = lazy(
    r'sub path "([^"]{1,200})" does not exist in image volume|'
    r'failed to ensure image subpath "([^"]{1,200})" in'
)

# A systemd scope goes with its last process: then there is no cgroup to set up any more.
_INIT_DIED = lazy(
    r"(?i)procReady not received|write init-p: broken pipe"
    r"|error setting cgroup config for procHooks process: .{0,1000}: no such file or directory"
)

# conmon lives in the pod's cgroup where CRI-O is not told otherwise.
_MONITOR_DIED = "error reading container (probably exited) json message: "
_HOST_PATH = lazy(r'failed to mkdir "?([^":\s]{1,200})"?: ')
DIED = "own init died"
"""Of a start at which the runtime's first process in the container ended."""

# Where images and the runtime look for programs, as far as nobody says otherwise.
_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def start_failure(message: str, spec: Json | None = None) -> str:
    """The reason in plain words, from the error of runc, a runtime or the kubelet.

    `spec`: the container's, whose mounts may hide what the image has. The order matters: a missing
    working directory also says `no such file or directory`.
    """
    message = unwrapped(message)
    low = without_names(message)
    # Of an exec, the first word in quotes is its id; the program is named last.
    program = _EXEC.findall(message)
    name = f'"{program[-1]}"' if program else "its program"
    known = _memory(message) or _mount(message) or _source(message)
    if known:
        return known
    directory = _CWD.search(message)
    if directory or "cwd" in low or "working directory" in low:
        where = next((g for g in directory.groups() if g), "") if directory else ""
        return f"its working directory{f' {where!r}' if where else ''} cannot be entered"
    blank = " (the whole command line is one item of the list)" if _blank(program) else ""
    if "executable file not found" in low:
        over = _over_path(spec)
        return (
            f"{name} is not in the container's PATH{over}"
            if over
            else (f"{name} is not in the image's PATH{blank}")
        )
    if "exec format error" in low:
        return f"{name} is built for another CPU or is no executable"
    if "permission denied" in low and program:
        return f"{name} may not be executed (permission denied)"
    if "is a directory" in low and program:
        return f"{name} is a directory"
    if "not a directory" in low and "mount" in low:
        return "a file is mounted over a directory, or a directory over a file"
    if "no such file or directory" in low and program:
        over = _over(program[-1], spec)
        return f"{name} does not exist{over or f' in the image{blank}'}"
    return one_line(innermost(message)) or "the runtime gave no message"


def _blank(program: list[str]) -> bool:
    return bool(program) and " " in program[-1].strip()


def _over(path: str, spec: Json | None) -> str:
    """`: volume config is mounted at /bin, over what the image has there`; the innermost mount."""
    covering = [
        (text(mount, "mountPath").rstrip("/"), text(mount, "name"))
        for mount in items(spec, "volumeMounts")
        if path.startswith(text(mount, "mountPath").rstrip("/") + "/")
    ]
    if not covering:
        return ""
    where, volume = max(covering, key=lambda found: len(found[0]))
    return f": volume {volume} is mounted at {where or '/'}, over what the image has there"


def _over_path(spec: Json | None) -> str:
    """The first mount over a folder in which programs are looked for by name."""
    declared = next(
        (text(one, "value") for one in items(spec, "env") if text(one, "name") == "PATH"), ""
    )
    folders = declared.split(":") if declared else _PATH
    return next((over for folder in folders if (over := _over(f"{folder}/", spec))), "")


def start_was_refused(message: str) -> bool:
    """Whether a CreateContainerError is about the start itself.

    containerd leaves what runc refuses to a start that fails, with an instance that ended; CRI-O
    has runc make the container first, so that there never is one.
    """
    message = unwrapped(message)
    begins = message.startswith(("container create failed: ", "set memory limit ", _MONITOR_DIED))
    return begins or bool(_CWD.match(message))


def innermost(message: str) -> str:
    """The error behind the names of all the programs that handed it on."""
    message = unwrapped(message)
    last = None
    for match in _WRAPPERS.finditer(message):
        last = match
    return (message[last.end() :] if last else message).strip()


def unwrapped(message: str) -> str:
    """The message without quotes around a part of it, and without what says nothing."""
    message = strip_combined(message)[0]
    message = _LOGGED.sub(lambda match: _QUOTED.sub(_unquoted, match[1]), message)
    return _PRINTED.sub("", message)


def _unquoted(match: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(match[1], match[1])


def _memory(message: str) -> str:
    limit, least, low = _LIMIT.search(message), _LEAST.search(message), without_names(message)
    if limit:
        words = f"its memory limit of {limit[1]} bytes is less than the {limit[2]} bytes"
        return f"{words} that the container's own init takes"
    if least:
        whose = "the pod's" if least[1] else "its"
        words = f"{whose} memory limit of {least[2]} bytes is less than the {least[3]} bytes"
        return f"{words} that the runtime demands"
    if _MONITOR_DIED in message:
        return "CRI-O's monitor of it (conmon) died, as it does where the pod's memory is used up"
    if "cannot start a stopped process" in low:
        return f"its {DIED} before it was started, as it does where its memory is used up"
    if "oom-killed" in low or "oom killed" in low:
        # runc asks with a question mark whether the limit is too low: it cannot know.
        return f"its {DIED} of an OOM kill: its memory was used up, or the limit is too low"
    if init_died(message):
        words = "mostly because the memory limit is too low, or was used up"
        return f"its own init died as it started, {words}"
    return ""


def init_died(message: str) -> bool:
    """Whether runc lost its own init without a word: on cgroup v2 it does not see the OOM kill."""
    return _INIT_DIED.search(message) is not None


def _mount(message: str) -> str:
    """A mount into the container that runc could not make."""
    found = _MOUNT.search(message)
    if not found:
        return ""
    if "not a directory" in message:
        return f"at {found[1]} a file is mounted over a directory, or a directory over a file"
    return f"nothing can be mounted at {found[1]}: {message.rpartition(': ')[2].strip()}"


def _source(message: str) -> str:
    """A file or folder of the node, or of an image, that the container needs."""
    profile = _SECCOMP.search(message)
    if profile and "no such file" in message:
        return f"the node has no seccomp profile {profile[1]}"
    if part := _SUB_PATH.search(message):
        return f"there is no {part[1] or part[2]} in the image of its volume"
    if folder := _HOST_PATH.search(message):
        return f"the node has no {folder[1]}, and it cannot be made"
    return ""
