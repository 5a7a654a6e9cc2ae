"""The environment of each container: declared now, injected, of the main process. Sealed here.

The rules are the kubelet's (pkg/kubelet/kubelet_pods.go makeEnvironmentVariables): envFrom first,
a later source wins; then `env`, a later entry wins; `$(VAR)` sees envFrom and earlier entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import Struct

from kubectl_podx.capture.redact import shown_annotation
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.secretlike import secret_name, secret_value
from kubectl_podx.model.capture import Sealed, StoredObject, Variable
from kubectl_podx.model.clock import in_units
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import ContainerEntry, containers

_SUBSCRIPT = lazy(r"metadata\.(labels|annotations)\['(.*)'\]", re.DOTALL)
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


_ESCAPES |= {"\v": "\\v", '"': '\\"', "\\": "\\\\"}


_SIMPLE = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
    "status.hostIP": ("status", "hostIP"),
    "status.podIP": ("status", "podIP"),
}

# Resources whose unset limit becomes the pod's limit or what the node can give.
_FROM_NODE = frozenset({"cpu", "memory", "ephemeral-storage"})

# The kubelet adds these to its own copy of the pod; the API does not know them.
KUBELET_ANNOTATIONS = ("kubernetes.io/config.seen=", "kubernetes.io/config.source=")


def field_value(pod: Json, path: str) -> str | None:
    """The value of a `fieldRef` now; None where the pod has no such field."""
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        return str(mapping(pod, "metadata", subscript[1]).get(subscript[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        return format_map(mapping(pod, "metadata", path.rpartition(".")[2]))
    if path == "status.podIPs":
        return ",".join(text(one, "ip") for one in items(pod, "status", "podIPs"))
    if path == "status.hostIPs":
        return ",".join(text(one, "ip") for one in items(pod, "status", "hostIPs"))
    steps = _SIMPLE.get(path)
    if steps is None:
        return None
    found = dig(pod, *steps)
    return found if isinstance(found, str) else None


def format_map(pairs: Mapping[str, Any]) -> str:
    """Labels or annotations as the kubelet writes them: sorted `key="quoted"`, no last newline."""
    return "\n".join(f"{key}={go_quoted(str(pairs[key]))}" for key in sorted(pairs))


def go_quoted(value: str) -> str:
    """Go's `%q`."""
    return '"' + "".join(_quoted_char(char) for char in value) + '"'


def _quoted_char(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char == " " or char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def resource_value(
    pod: Json, reference: Json, container: str, allocatable: Mapping[str, Any] | None
) -> str | None:
    """The value of a `resourceFieldRef` now; None where it cannot be told.

    `container` is used where the reference names none. `allocatable` is the node's
    `status.allocatable`: the default of an unset limit; None where the node was not read.
    """
    wanted = text(reference, "containerName") or container
    spec = next((entry.spec for entry in containers(pod) if entry.name == wanted), None)
    part, dot, resource = text(reference, "resource").partition(".")
    if spec is None or not dot:
        return None
    found = dig(spec, "resources", part, resource)
    if found is None and part == "limits" and resource in _FROM_NODE:
        found = dig(pod, "spec", "resources", "limits", resource)
        if found is None:
            found = None if allocatable is None else allocatable.get(resource)
        if found is None:
            return None
    units = in_units("0" if found is None else found, reference.get("divisor"))
    return None if units is None else str(units)


def item_value(pod: Json, item: Json, allocatable: Mapping[str, Any] | None) -> str | None:
    """The content of one file of a downward API volume now."""
    if text(item, "fieldRef", "fieldPath"):
        return field_value(pod, text(item, "fieldRef", "fieldPath"))
    return resource_value(pod, mapping(item, "resourceFieldRef"), "", allocatable)


def without_kubelets_own(content: bytes) -> bytes:
    """An annotations file without the two lines that only the kubelet's copy of the pod has."""
    kept = [
        line
        for line in content.split(b"\n")
        if not line.startswith(tuple(name.encode() for name in KUBELET_ANNOTATIONS))
    ]
    return b"\n".join(kept)


_LONGEST_TEXT = 4096
_MOST_UNDECLARED = 200
_SERVICE_VARIABLE = lazy(r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)")
State = Literal["resolved", "denied", "missing", "optionalMissing", "unresolved", "unknown"]


class _Value(Struct, frozen=True):
    """One variable's value now. Never leaves this module."""

    state: State
    value: str = ""
    secret: bool = True
    reason: str = ""

    def __repr__(self) -> str:
        return "<_Value>"


def declared_variables(
    sealer: Sealer, pod: Json, objects: Mapping[str, StoredObject]
) -> dict[str, list[Variable]]:
    """Container -> its declared variables with the values that a start now would give, sealed."""
    found: dict[str, list[Variable]] = {}
    reference = reference_of(pod)
    for entry in containers(pod):
        values = _Resolver(sealer, pod, objects, entry).resolve()
        scope = _scope(pod, entry.name)
        show = None if sealer.unread(reference) else sealer.scrubber(reference)
        found[entry.name] = [
            Variable(
                name=name,
                declared=_sealed(sealer, scope, name, value, show),
                declared_state=value.state,
                declared_reason=value.reason,
            )
            for name, value in values.items()
        ]
    return found


def declared_values(
    sealer: Sealer, pod: Json, objects: Mapping[str, StoredObject], entry: ContainerEntry
) -> dict[str, str]:
    """The values themselves, for `--reveal` alone: what a start of this container would get now."""
    values = _Resolver(sealer, pod, objects, entry).resolve()
    return {
        name: found.value
        for name, found in values.items()
        if found.state in ("resolved", "unresolved")
    }


def with_observed(
    sealer: Sealer,
    pod: Json,
    container: str,
    declared: list[Variable],
    injected: Mapping[str, bytes] | None,
    process: Mapping[str, bytes] | None,
) -> list[Variable]:
    """The declared variables joined with both observed environments; undeclared ones after them.

    An observed value is shown only where it equals a declared one that is shown.
    """
    scope = _scope(pod, container)
    by_name = {variable.name: variable for variable in declared}
    remember_unread(sealer, declared, [injected or {}, process or {}])
    for name in sorted({*(injected or {}), *(process or {})} - set(by_name)):
        by_name[name] = Variable(name=name, declared_state="undeclared")
    return [
        msgspec.structs.replace(
            variable,
            injected=_seen(sealer, scope, variable, injected),
            process=_seen(sealer, scope, variable, process),
        )
        for variable in by_name.values()
    ]


def remember_unread(
    sealer: Sealer, declared: list[Variable], environments: list[Mapping[str, bytes]]
) -> None:
    """What an unread Secret, an image or a script gave a container, so that no log repeats it."""
    denied = [variable.name for variable in declared if variable.declared_state == "denied"]
    known = {variable.name for variable in declared if variable.declared_state != "unknown"}
    for found in environments:
        for name in denied:
            if name in found:
                sealer.remember_unread(name, found[name], secret=True)
        # A forged shell may print any number.
        for name, value in islice(found.items(), _MOST_UNDECLARED):
            if name not in known and secret_name(name):
                sealer.remember_unread(name, value, secret=False)


def parse_environment(content: bytes | None) -> dict[str, bytes] | None:
    """`/proc/N/environ`; of a repeated name the first counts, as getenv has it."""
    if content is None:
        return None
    found: dict[str, bytes] = {}
    for part in content.split(b"\0"):
        name, equals, value = part.partition(b"=")
        if equals and name:
            found.setdefault(name.decode("utf-8", "replace")[:1024], value)
    return found


def as_text(found: Mapping[str, bytes]) -> dict[str, str]:
    """An observed environment as the shell and the kernel print it."""
    return {name: value.decode("utf-8", "replace") for name, value in found.items()}


def reference_of(pod: Json) -> Reference:
    """The pod of this body."""
    return Reference("Pod", text(pod, "metadata", "namespace"), text(pod, "metadata", "name"))


def _scope(pod: Json, container: str) -> tuple[str, ...]:
    return "env", text(pod, "metadata", "uid"), container


def _sealed(
    sealer: Sealer,
    scope: tuple[str, ...],
    name: str,
    value: _Value,
    show: Callable[[str], str] | None,
) -> Sealed | None:
    """`show`: None where no value is shown, because it may be one of a Secret that was not read."""
    if value.state not in ("resolved", "unresolved"):
        return None
    hidden = (
        value.secret
        or secret_name(name)
        or secret_value(value.value)
        or len(value.value) > _LONGEST_TEXT
    )
    raw = value.value.encode("utf-8", "surrogatepass")
    shown = None if hidden or show is None else show(value.value)
    return sealer.sealed((*scope, name), raw, shown=shown)


def _seen(
    sealer: Sealer, scope: tuple[str, ...], variable: Variable, found: Mapping[str, bytes] | None
) -> Sealed | None:
    if found is None or variable.name not in found:
        return None
    sealed = sealer.sealed((*scope, variable.name), found[variable.name])
    declared = variable.declared
    if declared is not None and declared.digest == sealed.digest:
        return declared
    return sealed


class _Resolver:
    def __init__(
        self,
        sealer: Sealer,
        pod: Json,
        objects: Mapping[str, StoredObject],
        entry: ContainerEntry,
    ) -> None:
        self._sealer = sealer
        self._pod = pod
        self._objects = objects
        self._entry = entry
        self._namespace = text(pod, "metadata", "namespace")
        self._values: dict[str, _Value] = {}

    def resolve(self) -> dict[str, _Value]:
        for source in items(self._entry.spec, "envFrom"):
            self._values.update(self._whole_source(source))
        for variable in items(self._entry.spec, "env"):
            name = text(variable, "name")
            if name:
                self._values[name] = self._one(variable)
        return self._values

    def _stored(self, kind: str, name: str) -> StoredObject | None:
        return self._objects.get(Reference(kind, self._namespace, name).key)

    def _whole_source(self, source: Json) -> Iterator[tuple[str, _Value]]:
        prefix = text(source, "prefix")
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = text(source, field, "name")
            stored = self._stored(kind, name) if name else None
            for key, facts in ((stored.keys if stored else None) or {}).items():
                # binaryData keys are not injected.
                if kind == "Secret" or not facts.binary:
                    yield prefix + key, self._key(kind, name, key)

    def _one(self, variable: Json) -> _Value:
        value_from = mapping(variable, "valueFrom")
        if not value_from:
            return self._expanded(text(variable, "value"))
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = mapping(value_from, field)
            if reference:
                optional = dig(reference, "optional") is True
                name, key = text(reference, "name"), text(reference, "key")
                return self._key(kind, name, key, optional=optional)
        if dig(value_from, "fieldRef"):
            return self._field(text(value_from, "fieldRef", "fieldPath"))
        if dig(value_from, "resourceFieldRef"):
            return self._resource(mapping(value_from, "resourceFieldRef"))
        if dig(value_from, "fileKeyRef"):
            return _Value("unknown", reason="the file is read inside the pod at each start")
        return _Value("unknown", reason="a source that this version of podx does not know")

    def _key(self, kind: str, name: str, key: str, *, optional: bool = False) -> _Value:
        stored = self._stored(kind, name)
        if stored is None or stored.state in ("failed", "timedOut"):
            return _Value("unknown", reason=f"{kind} {name} was not read")
        if stored.state == "denied":
            return _Value("denied", reason=f"{kind} {name} may not be read")
        gone: State = "optionalMissing" if optional else "missing"
        if stored.state == "missing":
            return _Value(gone, reason=f"{kind} {name} does not exist")
        value = self._sealer.value(kind, self._namespace, name, key)
        if value is None:
            return _Value(gone, reason=f"{kind} {name} has no key {key}")
        # The kubelet makes a string of the bytes; what is not UTF-8 cannot be compared.
        try:
            decoded = value.decode()
        except UnicodeDecodeError:
            return _Value("unknown", reason=f"{kind} {name} holds bytes that are not UTF-8")
        return _Value("resolved", decoded, secret=kind == "Secret" or secret_name(key))

    def _field(self, path: str) -> _Value:
        value = field_value(self._pod, path)
        if value is None:
            return _Value("unknown", reason=f"the pod has no {path} now")
        name = path.partition("['")[2].removesuffix("']")
        hidden = "annotations" in path and shown_annotation(name, value) != value
        return _Value("resolved", value, secret=hidden)

    def _resource(self, reference: Json) -> _Value:
        node = self._objects.get(Reference("Node", "", text(self._pod, "spec", "nodeName")).key)
        allocatable = mapping(node.body, "status", "allocatable") if node and node.body else None
        value = resource_value(self._pod, reference, self._entry.name, allocatable)
        if value is None:
            return _Value("unknown", reason="it depends on the node, which was not read")
        return _Value("resolved", value, secret=False)

    def _expanded(self, value: str) -> _Value:
        """`$(VAR)` replaced as third_party/forked/golang/expansion does it."""
        shown, secret, unresolved, unknown = [], False, [], False
        at = 0
        while at < len(value):
            char = value[at]
            following = value[at + 1 : at + 2]
            close = value.find(")", at) if following == "(" else -1
            if char != "$" or not following:
                shown.append(char)
                at += 1
            elif following == "$":
                shown.append("$")
                at += 2
            elif close > 0:
                name = value[at + 2 : close]
                found = self._values.get(name)
                if found is not None and found.state in ("resolved", "unresolved"):
                    shown.append(found.value)
                    secret = secret or found.secret or secret_name(name)
                else:
                    shown.append(f"$({name})")
                    unresolved.append(name)
                    unknown = unknown or found is not None or bool(_SERVICE_VARIABLE.match(name))
                at = close + 1
            else:
                shown.append(char)
                at += 1
        if unknown:
            names = ", ".join(unresolved)
            return _Value("unknown", reason=f"depends on {names}, whose value is not known here")
        if unresolved:
            names = ", ".join(f"$({name})" for name in unresolved)
            reason = f"{names} is not defined before it"
            return _Value("unresolved", "".join(shown), secret, reason)
        return _Value("resolved", "".join(shown), secret)
