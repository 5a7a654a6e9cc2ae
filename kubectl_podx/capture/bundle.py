"""Captures in files: a gzip-compressed JSON document, written whole or not at all.

A bundle from anywhere is hostile input: its size is bounded before anything is decoded, the types
refuse what is not a Capture, and every name in it passes the same check as a name from the API.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec

from kubectl_podx.model.capture import CAPTURE_VERSION, Capture, CapturedPod, StoredObject
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.raw import Json, mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference

_MAX_FILE = 64 << 20
_MAX_CONTENT = 512 << 20
_MAX_RATIO = 200
# Of pods and objects: more than a cluster's worth, and bounded all the same.
_MAX_ENTRIES = 500_000
_GZIP = b"\x1f\x8b"


def write_bundle(capture: Capture, path: Path) -> str:
    """Writes the capture to `path` with mode 0600, atomically, never through a link.

    Returns the file's sha256 in hex: the digest that a receiver can compare.
    """
    import gzip  # noqa: PLC0415 - a reader of bundles needs none of these
    import hashlib  # noqa: PLC0415
    import io  # noqa: PLC0415
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as stream:
        stream.write(msgspec.json.encode(capture))
    data = buffer.getvalue()
    if path.is_symlink():
        raise InputError(f"refusing to write through the symbolic link {str(path)!a}")
    if path.exists() and not path.is_file():
        # The new file takes the place of the old one: of a device such as /dev/null, too.
        raise InputError(f"refusing to replace {str(path)!a}, which is not a regular file")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent or ".", prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream_out:
                stream_out.write(data)
                stream_out.flush()
                os.fsync(stream_out.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"cannot write {str(path)!a}: {error.strerror or 'input/output error'}"
        ) from None
    return hashlib.sha256(data).hexdigest()


def read_bundle(path: Path) -> Capture:
    """The capture in the file; InputError in our own words for anything that is none."""
    return decode_bundle(_read(path), ascii(path.name))


def decode_bundle(data: bytes, name: str) -> Capture:
    """The capture in these bytes. `name` is used in errors."""
    if data[:2] != _GZIP:
        raise InputError(f"{name} is not a podx bundle (made by 'kubectl podx capture')")
    content = _inflate(data, name)
    try:
        capture = msgspec.json.decode(content, type=Capture)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise InputError(f"{name} is damaged or is not a podx bundle") from None
    if capture.version > CAPTURE_VERSION:
        raise InputError(
            f"{name} was made by podx {capture.podx_version[:40]!a}, which is newer than this one; "
            "upgrade podx to read it"
        )
    _check_names(capture, name)
    return msgspec.structs.replace(capture, source="bundle")


def is_bundle(data: bytes) -> bool:
    """Whether the bytes begin as a bundle does."""
    return data[:2] == _GZIP


def read_bytes(path: str) -> bytes:
    """The bytes of a file of bounded size, `-` for standard input; InputError in our own words."""
    if path != "-":
        return _read(Path(path))
    data = sys.stdin.buffer.read(_MAX_FILE + 1)
    if len(data) > _MAX_FILE:
        raise InputError(f"standard input is larger than {_MAX_FILE >> 20} MiB")
    return data


def _inflate(data: bytes, name: str) -> bytes:
    limit = min(_MAX_CONTENT, max(1 << 20, len(data) * _MAX_RATIO))
    engine = zlib.decompressobj(wbits=31)
    try:
        content = engine.decompress(data, limit + 1)
    except zlib.error:
        raise InputError(f"{name} is damaged: it cannot be decompressed") from None
    if len(content) > limit or engine.unconsumed_tail:
        raise InputError(f"{name} unpacks to more than a bundle may hold")
    if not engine.eof or engine.unused_data:
        raise InputError(f"{name} is damaged: it ends too early or too late")
    return content


def _check_names(capture: Capture, name: str) -> None:
    entries = len(capture.objects) + len(capture.lists) + len(capture.pods)
    if entries > _MAX_ENTRIES:
        raise InputError(f"{name} holds {entries} entries, more than a bundle may hold")
    if len({pod.reference for pod in capture.pods}) != len(capture.pods):
        raise InputError(f"{name} holds the same pod twice")
    for key in (*capture.objects, *(pod.reference for pod in capture.pods)):
        try:
            reference = Reference.of_key(key)
        except ValueError:
            raise InputError(f"{name} holds an object without a proper name") from None
        segments = (reference.namespace, reference.name)
        if any("/" in part or part in (".", "..") or "%" in part for part in segments):
            raise InputError(f"{name} holds an object without a proper name")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise InputError(
            f"cannot read {str(path)!a}: {(error.strerror or 'input/output error').lower()}"
        ) from None
    if len(data) > _MAX_FILE:
        raise InputError(f"{str(path)!a} is larger than {_MAX_FILE >> 20} MiB")
    return data


def read_manifest(path: str) -> Capture:
    """Pods saved with `kubectl get pod -o yaml|json`, or `-` for standard input.

    Takes one Pod, a List or PodList of pods, or several YAML documents; other kinds beside them
    are stored as sources. What a cluster would know is absent, so those sections say so.
    """
    from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415

    found, name = manifests(path)
    return _capture_of(found, name, Sealer())


def manifests(path: str) -> tuple[list[dict[str, Any]], str]:
    """Every object in a YAML or JSON file, `-` for standard input, and its name for errors.

    Nothing in them is sealed.
    """
    from kubectl_podx.capture.manifest import documents  # noqa: PLC0415 - yaml only where needed

    data = sys.stdin.buffer.read(_MAX_FILE + 1) if path == "-" else _read(Path(path))
    name = "standard input" if path == "-" else ascii(Path(path).name)
    if len(data) > _MAX_FILE:
        raise InputError(f"{name} is larger than {_MAX_FILE >> 20} MiB")
    return documents(data, name), name


def _capture_of(found: list[dict[str, Any]], name: str, sealer: Any) -> Capture:
    from kubectl_podx.capture.plan import source_names  # noqa: PLC0415

    objects: dict[str, StoredObject] = {}
    pods: list[CapturedPod] = []
    # Secrets first: what they hold is scrubbed from everything that is sealed after them.
    for body in sorted(found, key=lambda body: text(body, "kind") != "Secret"):
        kind = text(body, "kind")
        if kind not in RESOURCES or not text(body, "metadata", "name"):
            continue
        reference = Reference(kind, _namespace(body), text(body, "metadata", "name"))
        if kind == "Pod":
            # A file is a person's own: what is not in it was never to be read.
            for secret in source_names(body)["Secret"]:
                sealer.without(Reference("Secret", reference.namespace, secret))
        objects[reference.key] = sealer.keep(reference, body)
        if kind == "Pod":
            pods.append(CapturedPod(reference=reference.key, uid=text(body, "metadata", "uid")))
    if not pods:
        hint = "; see 'kubectl podx preset --help'" if _has_preset(found) else ""
        raise InputError(f"no Pod in {name}{hint}")
    return Capture(source="manifest", pods=pods, objects=objects)


def _has_preset(found: list[dict[str, Any]]) -> bool:
    return any(text(body, "kind") == "PodPreset" for body in found)


def _namespace(body: Json) -> str:
    if not RESOURCES[text(body, "kind")].namespaced:
        return ""
    return text(mapping(body, "metadata"), "namespace") or "default"
