"""Files of ConfigMap, Secret, projected and downward API volumes: declared, source and observed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from kubectl_podx.model.capture import Observation, ObservedFile
from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.parts import Fact
from kubectl_podx.model.raw import text
from kubectl_podx.pod.mounted_files import MountedFile, mounted_files
from kubectl_podx.pod.processes import main_process
from kubectl_podx.pod.sources import Judgement, Witness, Write, container_start, decide, last_write
from kubectl_podx.pod.view import PodView, event_time, look, per_view
from kubectl_podx.pod.volume_content import MADE_FOR_THE_POD, ROOT_CA
from kubectl_podx.sections.files.report import FileRow

REFRESH_SECONDS = 150
"""A changed source reaches the files at the pod's next sync: 1 min with a jitter of up to 1.5, and
the delay of the kubelet's watch. What is older than this is overdue."""

_FAILURE_WINDOW = timedelta(minutes=5)
"""The kubelet retries a failing mount at least every 2 min 2 s."""

_TOLERANCE = timedelta(seconds=2)
"""Rounded times make a fresh volume look newer than the process that it was made for."""


@per_view
def build(view: PodView) -> list[FileRow]:
    """One row for each file of each mount of each container."""
    return [_row(view, file) for file in mounted_files(view)]


def compared(found: list[FileRow], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: digests where they mean the same in every run."""
    for row in found:
        seen = (row.digest or "").removeprefix("sha256:")[:12]
        value = f"sha256:{seen}" if seen else ""
        if row.state != "current":
            value = f"{row.state}, {value}" if value else row.state
        yield Fact(row.container, f"file {row.path}", value or row.state)


def _row(view: PodView, file: MountedFile) -> FileRow:
    observed = file.observed
    observation = view.observations.get(file.entry.name)
    equal = _equal(file)
    judged = _judge(view, file, equal)
    write = _source_write(view, file)
    written = _written(observation, file.mount)
    secret = file.origin.kind != "ConfigMap"
    # Bundles of an older podx hold the sizes of Secrets.
    hidden = file.origin.kind in ("Secret", "serviceAccountToken")
    return FileRow(
        container=file.entry.name,
        path=file.path,
        volume=file.volume,
        source=file.origin,
        sub_path=file.sub_path,
        state=judged.state,
        reason=judged.reason,
        mode=observed.mode if observed else None,
        declared_mode=_octal(file.mode),
        uid=observed.uid if observed else None,
        gid=observed.gid if observed else None,
        readable=_readable(observation, observed),
        digest=None if secret or observed is None else _plain(observed.digest),
        source_digest=None if secret or file.key is None else _plain(file.key.digest),
        size=observed.size if observed and not hidden else None,
        source_size=file.key.size if file.key and not hidden else None,
        modified_at=observed.modified_at if observed else None,
        volume_written_at=written,
        volume_written_after_start=_after_start(view, file, written),
        source_changed_at=write.text,
        source_changed_by=write.by,
        not_before=_not_before(file, equal),
        not_after=_not_after(file, equal),
    )


def _judge(view: PodView, file: MountedFile, equal: bool | None) -> Judgement:
    observed = file.observed
    backing = file.backing
    unreadable = ""
    if observed is not None and observed.state == "unreadable":
        unreadable = observed.reason or "podx was not allowed to read it"
    present = _present(view, file)
    return decide(
        Witness(
            denied=backing.denied if backing else "",
            gone=file.gone,
            present=present,
            alive=file.entry.running,
            unreadable=unreadable,
            declared=file.declared,
            equal=equal,
            frozen=_frozen(file),
            stuck=_stuck(view, file),
            note=_note(view, file, present, equal),
        )
    )


def _present(view: PodView, file: MountedFile) -> bool | None:
    """Whether the container has the file; None where its files may not have been listed.

    All mounts are listed in one step: a partial look that found any file has done that step.
    """
    if file.observed is not None:
        return True
    found = view.observations.get(file.entry.name)
    if found is None or found.state == "unobservable" or found.files_left_out or file.note:
        return None
    return False if found.state == "observed" or found.files else None


def _equal(file: MountedFile) -> bool | None:
    """Whether the observed bytes are the source's now; None where that cannot be told."""
    observed = file.observed
    if observed is None:
        return None
    if file.origin.kind == "serviceAccountToken":
        # Whether the token still holds is told by its claims, in its own section.
        return True
    if file.origin.kind in MADE_FOR_THE_POD:
        return None
    if file.origin.kind == "downwardAPI":
        if observed.digest is None or observed.expected_digest is None:
            return None
        return observed.digest == observed.expected_digest
    if file.key is None:
        return None
    same = _same_bytes(observed, file.key.digest, file.key.size)
    # The CA bundle is rotated by the control plane: another one is nothing that a pod did wrong.
    return None if file.origin.name == ROOT_CA and not same else same


def _same_bytes(observed: ObservedFile, digest: str, size: int | None) -> bool | None:
    if observed.digest is not None:
        return observed.digest == digest
    return False if None not in (observed.size, size) and observed.size != size else None


def _frozen(file: MountedFile) -> str:
    if file.sub_path:
        return "mounted by subPath: restart the container to pick up the new content"
    if file.backing is not None and file.backing.immutable:
        made_again = f"{file.backing.label} is immutable and was recreated"
        return f"{made_again}: the kubelet does not read it again"
    return ""


def _stuck(view: PodView, file: MountedFile) -> str:
    if file.content.failing:
        return f"the whole volume is not refreshed: {file.content.failing}"
    failure = _mount_failure(view, file)
    if failure:
        return failure
    age = _source_age(view, file)
    if age is not None and age > REFRESH_SECONDS:
        return f"the source changed {int(age)} s ago; a refresh takes {REFRESH_SECONDS} s at most"
    return ""


def _mount_failure(view: PodView, file: MountedFile) -> str:
    """The newest FailedMount event of the volume, where it is recent and no write came after it."""
    prefix = f'MountVolume.SetUp failed for volume "{file.volume}" '
    written = parse_time(_written(view.observations.get(file.entry.name), file.mount))
    for event in reversed(view.events):
        message = text(event, "message")
        if text(event, "reason") != "FailedMount" or not message.startswith(prefix):
            continue
        moment = parse_time(event_time(event))
        if moment is None or (written is not None and moment < written):
            return ""
        recent = view.now is None or view.now - moment <= _FAILURE_WINDOW
        return f"the refresh fails: {message}"[:400] if recent else ""
    return ""


def _note(view: PodView, file: MountedFile, present: bool | None, equal: bool | None) -> str:
    if file.note:
        return file.note
    if present is None:
        found = view.observations.get(file.entry.name)
        if found is not None and found.files_left_out:
            return "not every file of the container was listed"
        return look(view, file.entry).reason
    observed = file.observed
    if observed is not None and observed.state == "notRead":
        return observed.reason or "its content was not read"
    if not file.declared:
        return _extra_note(file)
    if present is False or equal is False:
        stuck = "" if file.sub_path else _stuck(view, file)
        if stuck:
            return stuck
        age = _source_age(view, file)
        if age is None:
            return "when the source changed is not known"
        return f"the source changed {int(age)} s ago; the file follows within {REFRESH_SECONDS} s"
    if equal is None:
        return _unknown_note(file)
    return ""


def _extra_note(file: MountedFile) -> str:
    if file.backing is not None:
        return f"{file.backing.key_gone(file.origin.key)}: it goes with the next refresh"
    return f"volume {file.volume} does not declare it"


def _unknown_note(file: MountedFile) -> str:
    if file.backing is not None and file.backing.unread:
        return file.backing.unread
    if file.origin.kind == "ConfigMap" and file.origin.name == ROOT_CA:
        return f"not the bytes of ConfigMap {ROOT_CA} now"
    return "there is nothing to compare it with"


def _source_write(view: PodView, file: MountedFile) -> Write:
    if file.origin.kind == "downwardAPI":
        edited, resized = last_write(view.pod), last_write(view.pod, "resize")
        newer = resized.time and (edited.time is None or resized.time > edited.time)
        return resized if newer else edited
    return file.backing.write if file.backing else Write()


def _source_age(view: PodView, file: MountedFile) -> float | None:
    changed = _source_write(view, file).time
    if changed is None or view.now is None:
        return None
    return max(0.0, (view.now - changed).total_seconds())


def _written(observation: Observation | None, mount: str) -> str | None:
    for volume in observation.volumes if observation else []:
        if volume.mount.rstrip("/") == mount:
            return volume.written_at
    return None


def _after_start(view: PodView, file: MountedFile, written: str | None) -> bool | None:
    """Whether the kubelet wrote the volume after the container started.

    Not told of a volume with a token: its refresh re-dates every file beside it.
    """
    if file.content.holds_token or file.origin.kind in MADE_FOR_THE_POD:
        return None
    moment, start = parse_time(written), container_start(view, file.entry.name)
    if moment is None or start is None:
        return None
    return moment > start + _TOLERANCE


def _readable(observation: Observation | None, observed: ObservedFile | None) -> bool | None:
    """By the rules of POSIX modes for the main process's ids; capabilities and LSMs are unknown."""
    process = main_process(observation)
    if process is None or process.uid is None or observed is None:
        return None
    if process.uid == 0:
        return True
    mode = _bits(observed.mode)
    if mode is None or observed.uid is None or observed.gid is None:
        return None
    if process.uid == observed.uid:
        return bool(mode & 0o400)
    if observed.gid == process.gid or observed.gid in process.groups:
        return bool(mode & 0o040)
    return bool(mode & 0o004)


def _bits(mode: str | None) -> int | None:
    try:
        return int(mode or "", 8)
    except ValueError:
        return None


def _octal(mode: int | None) -> str | None:
    return None if mode is None else f"{mode & 0o7777:04o}"


def _plain(digest: str | None) -> str | None:
    """A digest that says the same in every run; a keyed one says nothing outside of its run."""
    return digest if digest is not None and digest.startswith("sha256:") else None


def _not_before(file: MountedFile, equal: bool | None) -> str | None:
    """Of its source, where the file was not read or has the same bytes."""
    moment = (
        parse_time(file.key.not_before) if file.key is not None and equal is not False else None
    )
    return format_time(moment) if moment else None


def _not_after(file: MountedFile, equal: bool | None) -> str | None:
    """Of the file itself; of its source where the file was not read or has the same bytes."""
    if file.observed is not None and file.observed.not_after:
        end = file.observed.not_after
    elif file.key is not None and equal is not False:
        end = file.key.not_after or ""
    else:
        return None
    moment = parse_time(end)
    return format_time(moment) if moment else None
