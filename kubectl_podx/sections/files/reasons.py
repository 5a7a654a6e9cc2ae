"""Reasons that stand in a mounted file: what it begins with, its mode, and what it hides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kubectl_podx.model.clock import parse_time
from kubectl_podx.pod.mounted_files import MountedFile, mounted_files
from kubectl_podx.pod.places import WRITTEN_BY_KUBELET, Place, clean, normal, place, places
from kubectl_podx.pod.pod import first_user
from kubectl_podx.pod.sources import uses
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner, set_pod
from kubectl_podx.rules.remedies import DOCS, checked, get, kubectl, namespace
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule, reason_rule

if TYPE_CHECKING:
    from kubectl_podx.pod.said import Said

_CONFIG_MAP = DOCS + "tasks/configure-pod-container/configure-pod-configmap/"
_EXECUTE = 0o111
_MOST = 5


def _files(case: Case, ending: Ending) -> list[MountedFile]:
    name = ending.entry.name
    return [file for file in mounted_files(case.view) if file.entry.name == name and file.declared]


def _file(case: Case, ending: Ending, path: str) -> MountedFile | None:
    """The mounted file of that path."""
    wanted = normal(ending.entry, path)
    return next((one for one in _files(case, ending) if wanted and clean(one.path) == wanted), None)


def _called(case: Case, ending: Ending) -> list[MountedFile]:
    """Mounted files that command and args name."""
    words = {part for _, word in ending.entry.words for part in word.replace(";", " ").split()}
    paths = {normal(ending.entry, word) for word in words if "/" in word}
    return [one for one in _files(case, ending) if clean(one.path) in paths]


def _label(file: MountedFile) -> str:
    key = f"key {file.origin.key} of " if file.origin.key else ""
    return f"{key}{file.origin.kind} {file.origin.name}".strip()


def _edit(case: Case, file: MountedFile) -> Fix:
    """Change the source of the file by hand."""
    kind = file.origin.kind.lower()
    target = f"{kind}/{checked(file.origin.name)}"
    return Fix(kubectl("edit", target, namespace=namespace(case)), by_hand=True)


def _scripts(case: Case, ending: Ending, said: Said) -> Iterator[MountedFile]:
    """The mounted scripts that the error may be about: the one it names, or those that are run."""
    named = _file(case, ending, said.path) if said.path else None
    if named is not None:
        yield named
        return
    asked = said.path.removesuffix("^M").strip("\r\\r") if said.path else ""
    for file in _called(case, ending):
        program = (file.key.interpreter or "").split(" ")[0] if file.key else ""
        if not said.path or (program and asked.rstrip("\\r") == program):
            yield file


def carriage_return(case: Case) -> Iterator[Hit]:
    """A script with the line ends of Windows: its interpreter is looked for with a CR."""
    for ending in endings(case):
        found, line, run = _of_windows(case, ending)
        if found is None:
            continue
        program = _program(found)
        missing = f": {program} with a carriage return at its end does not exist"
        looked = missing if run and program else ""
        yield ending.hit(
            f"the first line of {found.path} ({_label(found)}) ends with a carriage return, "
            f"as Windows writes it{looked}",
            line,
            fix=_edit(case, found),
        )


def _of_windows(case: Case, ending: Ending) -> tuple[MountedFile | None, str, bool]:
    """The script, the line that is of it, and whether the kernel looked for its interpreter; a
    shell that reads one says all kinds of things.
    """
    for said, line in ending.of("noSuchFile", "carriageReturn", "execFormat"):
        for file in _scripts(case, ending, said):
            if file.key is not None and file.key.carriage_return:
                return file, line, said.kind == "noSuchFile"
    for file in _called(case, ending) if ending.cause == "exitCode" else ():
        if file.key is not None and file.key.carriage_return and file.key.interpreter != "":
            return file, ending.lines[0] if ending.lines else "", False
    return None, "", False


def interpreter_missing(case: Case) -> Iterator[Hit]:
    """The script is there, so what does not exist is the program in its first line."""
    for ending in endings(case):
        for said, line in ending.of("noSuchFile"):
            found = [f for f in _scripts(case, ending, said) if _program(f) and said.path]
            if not found or (found[0].key and found[0].key.carriage_return):
                continue
            script = found[0]
            yield ending.hit(
                f"the first line of {script.path} ({_label(script)}) is #!{_program(script)}, and "
                "the image has no such program",
                line,
                f"{script.path} itself is mounted",
                fix=_edit(case, script),
            )
            break


def _program(file: MountedFile) -> str:
    return (file.key.interpreter or "") if file.key is not None and not file.gone else ""


def not_a_program(case: Case) -> Iterator[Hit]:
    """A file without `#!`, or a program for another CPU."""
    for ending in endings(case):
        for said, line in ending.of("execFormat"):
            script = _file(case, ending, said.path) if said.path else None
            title = _why_no_program(case, script) if script is not None else ""
            if script is None and said.path and place(case.view, ending.entry, said.path) is None:
                node = case.view.architecture
                on = f" ({node})" if node else ""
                image = ending.entry.image
                title = (
                    f"{said.path} of image {image} is built for another CPU than the node's{on}, "
                    "or is a script without #! in its first line"
                )
            if title:
                yield ending.hit(
                    title,
                    line,
                    fix=_edit(case, script) if script is not None else Fix(),
                )
                break


def _why_no_program(case: Case, file: MountedFile) -> str:
    key, node = file.key, case.view.architecture
    if key is None or key.interpreter:
        return ""
    if key.machine and key.machine != node:
        on = f", and node {case.view.api.node} is {node}" if node else ""
        return f"{file.path} ({_label(file)}) is a program for {key.machine}{on}"
    if key.machine or key.interpreter is None:
        return ""
    return f"{file.path} ({_label(file)}) is a script without #! in its first line"


def not_executable(case: Case) -> Iterator[Hit]:
    """A script of a ConfigMap is started, and its mode allows nobody to."""
    for ending in endings(case):
        for said, line in ending.of("permissionDenied"):
            file = _file(case, ending, said.path) if said.path else None
            where = place(case.view, ending.entry, said.path) if said.path else None
            if file is None or where is None or file.mode is None:
                continue
            title = _why_denied(ending, file, where)
            if title:
                yield ending.hit(title, line, f"from {_label(file)}", fix=_executable(case, where))
                break


def _executable(case: Case, where: Place) -> Fix:
    if where.kind not in ("configMap", "secret") or not where.source:
        return edit_owner(case)
    name = {"configMap": "name", "secret": "secretName"}[where.kind]
    source = {name: where.source, "defaultMode": 0o755}
    return set_pod(case, {"volumes": [{"name": where.volume, where.kind: source}]})


def _why_denied(ending: Ending, file: MountedFile, where: Place) -> str:
    mode = file.mode or 0
    default = 0o644 if where.default_mode is None else where.default_mode
    own = "defaultMode" if mode & ~0o440 == default & ~0o440 else "items[].mode"
    field = f"{where.volume_field}.{own}: {mode:04o}"
    user = first_user(ending.entry)
    if not mode & 0o004 and user:
        return (
            f"{file.path} has the mode {mode:04o} and belongs to root, and the container runs as "
            f"user {user} ({field})"
        )
    if not mode & _EXECUTE:
        return f"{file.path} has the mode {mode:04o} and may not be executed ({field})"
    return ""


def hidden_folder(case: Case) -> Iterator[Hit]:
    """A volume lies over a folder of the image, and has not the file that is asked for."""
    for ending in endings(case):
        if ending.cause == "startError":
            # Its own sentence names the mount.
            continue
        for said, line in ending.of("noSuchFile"):
            where = place(case.view, ending.entry, said.path) if said.path else None
            below = where is not None and normal(ending.entry, said.path) != where.mount_path
            if where is None or not below or where.sub_path or _file(case, ending, said.path):
                continue
            found = [f for f in _files(case, ending) if f.volume == where.volume]
            yield ending.hit(
                _hides(case, where, said.path),
                line,
                f"{where.mount_field}.mountPath: {where.mount_path}",
                _holds(found),
                more=_look_at(case, where),
                fix=edit_owner(case),
            )
            break


def _hides(case: Case, where: Place, path: str) -> str:
    for use in uses(case.view):
        if use.volume == where.volume and use.optional and use.gone:
            return (
                f"{use.gone}, which is optional in volume {where.volume}, so that "
                f"{where.mount_path} has no such file"
            )
    return (
        f"{where.label} is mounted at {where.mount_path} and has no {path}: what the image has "
        "there is hidden"
    )


def _holds(found: list[MountedFile]) -> str:
    names = [one.path for one in found if not one.gone and one.origin.key]
    if not names:
        return ""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"it has: {', '.join(names[:_MOST])}{more}"


def _look_at(case: Case, where: Place) -> str:
    kinds = {"configMap": "configmap", "secret": "secret"}
    return get(case, kinds[where.kind], where.source) if where.kind in kinds else ""


def sub_path_without_key(case: Case) -> Iterator[Hit]:
    """A subPath names a key that its source does not have: a folder stands where a file should."""
    for ending in endings(case):
        lost = [f for f in _files(case, ending) if f.sub_path and f.gone]
        for said, line in ending.of("isDirectory", "notDirectory", "noSuchFile"):
            file = next((f for f in lost if _is_about(ending, said, line, f)), None)
            if file is None:
                continue
            where = next(
                (p for p in places(case.view, ending.entry) if p.mount_path == clean(file.mount)),
                None,
            )
            field = f"{where.mount_field}.subPath" if where else "its subPath"
            keys = sorted(file.backing.keys or ()) if file.backing is not None else []
            yield ending.hit(
                f"{field} names {file.origin.key or 'something'}, which {file.origin.kind} "
                f"{file.origin.name} does not have: {file.path} is an empty folder",
                line,
                f"it has: {', '.join(keys[:_MOST])}" if keys else file.gone,
                fix=edit_owner(case),
            )
            break


def _is_about(ending: Ending, said: Said, line: str, file: MountedFile) -> bool:
    """Whether the error names that file or what is below it, or nothing at all."""
    if ending.cause == "startError":
        # The runtime's message names paths of the node, too.
        return f'"{file.path}"' in line
    path = normal(ending.entry, said.path)
    if not path:
        return said.kind == "isDirectory"
    return path == clean(file.path) or path.startswith(clean(file.path) + "/")


def whole_volume_at_a_file(case: Case) -> Iterator[Hit]:
    """A volume without subPath is mounted where the image has a file."""
    for ending in endings(case):
        for _, line in ending.of("notDirectory") if ending.cause == "startError" else ():
            where = next(
                (
                    one
                    for one in places(case.view, ending.entry)
                    if f'"{one.mount_path}"' in line and not one.sub_path
                ),
                None,
            )
            if where is None or where.kind == "hostPath":
                continue
            name = where.mount_path.rpartition("/")[2]
            one_file = f": subPath: {name} mounts that one file"
            written = where.kind in WRITTEN_BY_KUBELET
            yield ending.hit(
                f"{where.mount_field} mounts all of {where.label} at {where.mount_path}, which is "
                f"a file in the image{one_file if written else ''}",
                line,
                fix=edit_owner(case),
            )
            break


def line_break_at_end(case: Case) -> Iterator[Hit]:
    """A mounted password ends with a line break, and the other side refuses it."""
    for ending in endings(case):
        refused = next(ending.of("authenticationFailed", "unauthorized"), None)
        if refused is None:
            continue
        for file in _files(case, ending):
            key = file.key
            if key is None or file.origin.kind != "Secret" or not key.one_line:
                continue
            if key.newline_at_end:
                yield ending.hit(
                    f"{file.path} ({_label(file)}) is one line and ends with a line break, which a "
                    "program that reads the whole file takes for a part of it",
                    refused[1],
                    more=get(case, file.origin.kind, file.origin.name),
                )


def invalid_certificate(case: Case) -> Iterator[Hit]:
    """A mounted certificate is not valid now, and the log says so of one."""
    for ending in endings(case):
        for _, line in ending.of("tooEarly", "expired"):
            found = next(
                filter(None, (_not_valid(case, file) for file in _files(case, ending))), ""
            )
            if found:
                yield ending.hit(found, line, fix=Fix())
                break


def _not_valid(case: Case, file: MountedFile) -> str:
    now, key = case.view.now, file.key
    if key is None or now is None:
        return ""
    begin, end = parse_time(key.not_before), parse_time(key.not_after)
    what = f"the certificate in {file.path} ({_label(file)})"
    if begin is not None and begin > now:
        return f"{what} is not valid before {key.not_before}"
    if end is not None and end < now:
        return f"{what} expired at {key.not_after}"
    return ""


_KNOWN = (
    "The error of the runtime or in the log, and the mounted file's source, mode and first bytes."
)
_rule = partial(reason_rule, section="files", link=_CONFIG_MAP)

RULES: tuple[Rule, ...] = (
    _rule(
        "FIL020",
        "A mounted script has Windows line endings",
        "The kernel takes everything after #! up to the line break for the interpreter, a carriage "
        "return too, and no such program exists. The error names the script.",
        _KNOWN,
        "Write the script with line ends of Unix (dos2unix) into its ConfigMap.",
        carriage_return,
    ),
    _rule(
        "FIL021",
        "The interpreter of a mounted script is not in the image",
        "The error names the script, which is there: what is missing is the program in its first "
        "line. Small images have no bash.",
        _KNOWN,
        "Name an interpreter that the image has, or use another image.",
        interpreter_missing,
    ),
    _rule(
        "FIL022",
        "A file that is started cannot run on this node",
        "The kernel starts programs that are built for its CPU and scripts that begin with #!.",
        _KNOWN,
        "Build for the node's CPU, or begin the script with #!.",
        not_a_program,
    ),
    _rule(
        "FIL023",
        "The mode of a mounted file forbids what the program does with it",
        "Files of a ConfigMap or Secret have the mode 0644 unless defaultMode or mode says "
        "otherwise: they are not executable. With 0400 only root may read them.",
        _KNOWN,
        "Set defaultMode: 0755 for scripts; set fsGroup for files that another user reads.",
        not_executable,
    ),
    _rule(
        "FIL024",
        "A mount hides what the image has in that folder",
        "A volume replaces the whole folder at its mountPath. To add a single file use subPath.",
        _KNOWN,
        "Mount it at another folder, or mount single files by subPath.",
        hidden_folder,
    ),
    _rule(
        "FIL025",
        "A subPath names a key that its source does not have",
        "The kubelet makes an empty folder for it and starts the container without an error.",
        _KNOWN,
        "Correct subPath: it is the path in the volume, after items has renamed keys.",
        sub_path_without_key,
    ),
    _rule(
        "FIL026",
        "A whole volume is mounted where the image has a file",
        "A volume is a folder. To replace one file of the image, subPath names the file in the "
        "volume.",
        _KNOWN,
        "Add subPath to the mount, or mount the volume at the folder.",
        whole_volume_at_a_file,
    ),
    _rule(
        "FIL027",
        "A mounted password ends with a line break, and is refused",
        "The bytes of a Secret are written as they are. `echo secret | base64` has encoded a line "
        "break, too.",
        "The last byte of the file's key, which is not shown, and the refusal in the log. Whether "
        "the program takes the line break off is not known.",
        "Write the value again without it: printf %s, or kubectl create secret --from-literal.",
        line_break_at_end,
    ),
    _rule(
        "FIL028",
        "A mounted certificate is not valid now, and is refused",
        "A certificate counts from its notBefore to its notAfter. Whoever verifies it goes by its "
        "own clock.",
        "The refusal in the log, and the dates of the certificates that are mounted.",
        "Issue the certificate again, or correct the clock that it was issued by.",
        invalid_certificate,
    ),
)
