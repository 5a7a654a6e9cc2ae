"""Files: bundles of captures, written whole or not at all, and manifests as plain objects."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from kubectl_podx.model.capture import (
    CAPTURE_VERSION,
    Capture,
    CapturedPod,
    Sealed,
    StoredObject,
    Variable,
)
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.pod.pod import containers
from kubectl_podx.pod.workload import TEMPLATES

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

    from kubectl_podx.model.files import replace_file  # noqa: PLC0415

    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as stream:
        stream.write(msgspec.json.encode(capture))
    data = buffer.getvalue()
    replace_file(path, data)
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


def read_text(path: Path) -> str:
    """The JSON text of a bundle, as it is in the file."""
    return _inflate(_read(path), ascii(path.name)).decode("utf-8", "surrogatepass")


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
    """Pods and workloads of a YAML or JSON file, saved or not yet applied, `-` for standard input.

    Takes one object, a List, or several YAML documents. A workload stands for the pod that it
    declares; other kinds beside them are stored as sources. What a cluster would know is absent,
    so those sections say so.
    """
    from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415

    found, name = manifests(path)
    return _capture_of(found, name, Sealer())


def manifests(path: str) -> tuple[list[dict[str, Any]], str]:
    """Every object in a YAML or JSON file, `-` for standard input, and its name for errors.

    Nothing in them is sealed.
    """
    data = sys.stdin.buffer.read(_MAX_FILE + 1) if path == "-" else _read(Path(path))
    name = "standard input" if path == "-" else ascii(Path(path).name)
    if len(data) > _MAX_FILE:
        raise InputError(f"{name} is larger than {_MAX_FILE >> 20} MiB")
    return documents(data, name), name


def _capture_of(found: list[dict[str, Any]], name: str, sealer: Any) -> Capture:
    from kubectl_podx.capture.plan import source_names  # noqa: PLC0415

    found = [_named(body) for body in found]
    found += _declared(found)
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
        raise InputError(f"no Pod in {name}, nor anything that makes pods{hint}")
    return Capture(source="manifest", pods=pods, objects=objects)


def _declared(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The pod that each workload declares, under the workload's name.

    One that owns others of the file declares nothing of its own: its pods, or what makes them, are
    there.
    """
    from kubectl_podx.capture.renew import first_of, stored_form  # noqa: PLC0415

    owners = {
        (text(owner, "kind"), text(owner, "name"))
        for body in found
        for owner in items(body, "metadata", "ownerReferences")
    }
    taken = {
        (_namespace(body), text(body, "metadata", "name"))
        for body in found
        if text(body, "kind") == "Pod"
    }
    for body in found:
        kind, name = text(body, "kind"), text(body, "metadata", "name")
        if kind not in TEMPLATES or not name or (kind, name) in owners:
            continue
        namespace = _namespace(body)
        made = first_of(
            {**body, "metadata": {**mapping(body, "metadata"), "name": name}}, namespace
        )
        if made is None:
            continue
        free = next(n for n in _names(name, kind) if (namespace, n) not in taken)
        taken.add((namespace, free))
        owner = {"kind": kind, "name": name, "controller": True}
        metadata = {"name": free, "namespace": namespace, "ownerReferences": [owner]}
        yield stored_form(made.body, {"metadata": metadata})


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """With a name, where the API server is to make one."""
    generated = text(body, "metadata", "generateName").rstrip("-")
    if not generated or text(body, "metadata", "name"):
        return body
    return {**body, "metadata": {**mapping(body, "metadata"), "name": generated}}


def _names(name: str, kind: str) -> Iterator[str]:
    yield name
    yield f"{name}-{kind.lower()}"
    yield from (f"{name}-{kind.lower()}-{number}" for number in count(2))


def _has_preset(found: list[dict[str, Any]]) -> bool:
    return any(text(body, "kind") == "PodPreset" for body in found)


def _namespace(body: Json) -> str:
    if not RESOURCES[text(body, "kind")].namespaced:
        return ""
    return text(mapping(body, "metadata"), "namespace") or "default"


def without_values(capture: Capture) -> Capture:
    """The same capture: equal is still equal, but what a ConfigMap says cannot be read in it.

    Literals of the pod's own spec stay, as the spec is part of it; what looked like a secret was
    never there.
    """
    return replace(
        capture,
        objects={key: _object(stored) for key, stored in capture.objects.items()},
        pods=[_pod(one, capture.objects) for one in capture.pods],
    )


def _object(stored: StoredObject) -> StoredObject:
    if stored.keys is None:
        return stored
    return replace(
        stored, keys={name: replace(key, text=None) for name, key in stored.keys.items()}
    )


def _pod(captured: CapturedPod, objects: Mapping[str, StoredObject]) -> CapturedPod:
    stored = objects.get(captured.reference)
    own = _literals((stored.body if stored else None) or {})
    return replace(
        captured,
        observations=[
            replace(
                one, variables=[_variable(v, own.get(one.container, set())) for v in one.variables]
            )
            for one in captured.observations
        ],
        declared_variables={
            name: [_variable(v, own.get(name, set())) for v in several]
            for name, several in captured.declared_variables.items()
        },
    )


def _literals(pod: Json) -> dict[str, set[str]]:
    """Container -> its variables whose value stands in the spec, or is a field of the pod."""
    found: dict[str, set[str]] = {}
    for entry in containers(pod):
        names = found.setdefault(entry.name, set())
        for variable in items(entry.spec, "env"):
            # The last one of a name wins, and a reference may bring a ConfigMap's value in.
            of_pod = any(
                dig(variable, "valueFrom", kind) for kind in ("fieldRef", "resourceFieldRef")
            )
            plain = dig(variable, "valueFrom") is None and "$(" not in text(variable, "value")
            (names.add if of_pod or plain else names.discard)(text(variable, "name"))
    return found


def _variable(variable: Variable, own: set[str]) -> Variable:
    if variable.name in own:
        return variable
    return replace(
        variable,
        declared=_sealed(variable.declared),
        injected=_sealed(variable.injected),
        process=_sealed(variable.process),
    )


def _sealed(value: Sealed | None) -> Sealed | None:
    return None if value is None else replace(value, text=None)


_MAX_YAML = 4 << 20


def documents(data: bytes, name: str, *, opened: bool = True) -> list[Any]:
    """Every object in the file; `opened`: lists of them, too, and nothing that is no object.

    InputError where it cannot be read.
    """
    stripped = data.lstrip()
    try:
        found = [msgspec.json.decode(data)] if stripped[:1] in (b"{", b"[") else _yaml(data, name)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise InputError(f"{name} is not valid JSON") from None
    return _opened(found) if opened else found


def _opened(found: list[Any]) -> list[dict[str, Any]]:
    opened: list[dict[str, Any]] = []
    for body in found:
        if not isinstance(body, dict):
            continue
        kind = body.get("kind")
        inner = body.get("items")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(inner, list):
            item_kind = kind[: -len("List")]
            opened += [
                {**item, "kind": item.get("kind") or item_kind}
                for item in inner
                if isinstance(item, dict)
            ]
        else:
            opened.append(body)
    return opened


def _yaml(data: bytes, name: str) -> list[Any]:
    # 13 ms that only a YAML manifest costs.
    from kubectl_podx.cluster import full_yaml  # noqa: PLC0415
    from kubectl_podx.model.errors import BadYamlError  # noqa: PLC0415

    if len(data) > _MAX_YAML:
        raise InputError(f"{name} is larger than {_MAX_YAML >> 20} MiB; save it as JSON instead")
    try:
        return full_yaml.documents(data, first_only=False, max_aliases=0)
    except BadYamlError as error:
        why = f": {error.why}" if error.why else ""
        raise InputError(f"{name} is not valid YAML{why}") from None
