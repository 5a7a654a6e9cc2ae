"""The only place that ever sees a secret value.

Answers of the API and of the look come in as bytes; what goes on is sealed: a keyed digest per
object uid and key (or per variable of a container), no bytes. The digests' keys are derived from a
key of the run and thrown away with the Sealer, so a digest in a file says nothing.

`data`, `stringData` and base64 appear in this file and nowhere else (tests/unit/test_house.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Never

import msgspec

from kubectl_podx.capture import redact
from kubectl_podx.capture.certificates import all_public, validity
from kubectl_podx.capture.encodings import encoded, encodings, in_base64, texts_of, usual_encodings
from kubectl_podx.capture.formats import format_of
from kubectl_podx.capture.plan import source_names
from kubectl_podx.capture.redact import WITHHELD
from kubectl_podx.capture.secretlike import (
    HIDDEN,
    hide_text,
    secret_literal_parts,
    secret_name,
    secret_parts,
    secret_value,
)
from kubectl_podx.model.capture import KeyFacts, Sealed, StoredObject
from kubectl_podx.model.raw import dig, items, mapping, text
from kubectl_podx.model.reference import Reference, called
from kubectl_podx.pod.pod import containers

_LONGEST_TEXT = 4096
_SHORTEST_SCRUBBED = 6
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Of one value; a key file has some fifty.
_MOST_LINES = 1000
# What is longer is looked for in its usual encodings alone.
_LONGEST_SPELT = 8192
_FEW_LINES = 20
_FEWEST_KNOWN = 4
_LONGEST_JUDGED = 65536
# Every text is searched for each: above this many, for the usual ones of a value alone.
_MOST_SPELLINGS = 20_000
# Of one configuration.
_MOST_PARTS = 100
_WORKLOADS = frozenset(
    {
        "ReplicaSet",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "ReplicationController",
    }
)


class WrongObjectError(Exception):
    """What came back is not what was asked for. Carries no text of the answer."""


class Sealer:
    """One per run. Holds what it must compare, shows none of it, cannot be encoded or pickled."""

    __slots__ = (
        "_answered",
        "_kept_pods",
        "_known",
        "_longest_first",
        "_raw_pods",
        "_run_key",
        "_secret_values",
        "_suspects",
        "_uses",
    )

    def __init__(self) -> None:
        self._run_key = os.urandom(32)
        self._raw_pods: dict[str, Mapping[str, Any]] = {}
        # Sealed with so many secret values known.
        self._kept_pods: dict[str, tuple[StoredObject, int]] = {}
        # (kind, namespace/name) -> key -> bytes, for ConfigMaps and Secrets alike.
        self._known: dict[tuple[str, str], dict[str, bytes]] = {}
        self._secret_values: set[str] = set()
        self._longest_first: tuple[str, ...] = ()
        # Pod -> the Secrets that its variables and volumes are made of.
        self._uses: dict[str, frozenset[Reference]] = {}
        # Secrets that were read, and those of which it is certain that they cannot be.
        self._answered: set[Reference] = set()
        # Of keys of ConfigMaps; every file that holds one asks again.
        self._suspects: dict[tuple[str, bytes], bool] = {}

    def __repr__(self) -> str:
        return "<Sealer>"

    def __reduce__(self) -> Never:
        raise TypeError("a Sealer is never written anywhere")

    # -- digests ---------------------------------------------------------------------------------

    def digest(self, scope: tuple[str, ...], sha256_hex: str) -> str:
        """The keyed digest of bytes with this sha256, within a scope."""
        key = hmac.digest(self._run_key, "\0".join(scope).encode("utf-8", "replace"), "sha256")
        return "keyed:" + hmac.new(key, sha256_hex.encode(), "sha256").hexdigest()[:32]

    def sealed(self, scope: tuple[str, ...], value: bytes, *, shown: str | None = None) -> Sealed:
        """A value sealed in its scope; `shown` only where anyone may read it."""
        return Sealed(
            digest=self.digest(scope, hashlib.sha256(value).hexdigest()),
            size=len(value) if shown is not None else None,
            text=shown,
        )

    def key_digest(
        self, reference: Reference, key: str, sha256_hex: str, *, belongs: bool = True
    ) -> str:
        """The digest under which bytes compare with one key of one object.

        `sha256:…` for a ConfigMap key that was read and looks harmless, keyed for everything else.
        `belongs`: the bytes were written from this key, perhaps from an older value of it. Bytes of
        another source are digested plainly only if they are the key's own.
        """
        if self.is_public(reference, key):
            value = self._known[_identity(reference)][key]
            if belongs or hashlib.sha256(value).hexdigest() == sha256_hex:
                return f"sha256:{sha256_hex}"
        return self.digest((reference.key, key), sha256_hex)

    def is_public(self, reference: Reference, key: str) -> bool:
        """Whether this is a key of a ConfigMap that was read and does not look like a secret."""
        if reference.kind != "ConfigMap":
            return False
        value = self._known.get(_identity(reference), {}).get(key)
        return value is not None and not self._is_suspect(key, value)

    def tells_size(self, reference: Reference, key: str) -> bool:
        """Whether the length of this key's value may be told: it is public, or a certificate."""
        if self.is_public(reference, key):
            return True
        value = self._known.get(_identity(reference), {}).get(key, b"")
        return (
            reference.kind == "ConfigMap"
            and value.lstrip().startswith(b"-----BEGIN CERTIFICATE-----")
            and b"PRIVATE" not in value
        )

    # -- objects ---------------------------------------------------------------------------------

    def open(self, reference: Reference, body: bytes) -> StoredObject:
        """One object of the API, checked to be the one that was asked for, and sealed.

        Raises WrongObjectError where the answer is no such object.
        """
        return self.keep(reference, self._decode(body, reference))

    def keep(self, reference: Reference, body: Mapping[str, Any]) -> StoredObject:
        """The sealed form of a decoded object."""
        keys: dict[str, KeyFacts] | None = None
        if reference.kind in ("ConfigMap", "Secret"):
            keys = self._open_keys(reference, body)
            kept = {field: body[field] for field in ("kind", "type", "immutable") if field in body}
            kept["metadata"] = redact.metadata(body, labels=False)
        elif reference.kind == "Pod":
            return self._keep_pod(reference, body)
        elif reference.kind in _WORKLOADS:
            kept = redact.workload(body, self.scrub)
        elif reference.kind == "PodPreset":
            kept = redact.pod_preset(body, self.scrub)
        else:
            kept = redact.plain(body, self.scrub)
        return StoredObject(reference=reference.key, state="present", body=kept, keys=keys)

    def _keep_pod(self, reference: Reference, body: Mapping[str, Any]) -> StoredObject:
        """A pod is sealed again once all Secrets are known: what has not changed is kept."""
        same = self._raw_pods.get(reference.key) is body
        self._raw_pods[reference.key] = body
        if not same:
            names = source_names(body)["Secret"]
            self._uses[reference.key] = frozenset(
                Reference("Secret", reference.namespace, name) for name in names
            )
            self._remember_literals(body)
        before, known = self._kept_pods.get(reference.key, (None, -1)) if same else (None, -1)
        now = -1 if self.unread(reference) else len(self._secret_values)
        if before is not None and known == now:
            return before
        metadata = (before.body or {}).get("metadata") if before is not None else None
        stored = StoredObject(
            reference=reference.key,
            state="present",
            body=redact.pod(body, self.scrubber(reference), metadata, self.scrub_known),
            applied=self._applied(reference, body),
        )
        self._kept_pods[reference.key] = (stored, now)
        return stored

    def _applied(self, reference: Reference, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The manifest in the annotation of `kubectl apply`, sealed anew; None where there is none.

        A pod with an owner is compared with its owner's template instead.
        """
        written = text(body, "metadata", "annotations", _LAST_APPLIED)
        if not written or items(body, "metadata", "ownerReferences"):
            return None
        try:
            manifest = _json(written.encode("utf-8", "surrogatepass"))
        except WrongObjectError:
            return None
        if text(manifest, "kind") != "Pod" or text(manifest, "metadata", "name") != reference.name:
            return None
        self._remember_literals(manifest)
        return redact.pod(manifest, self.scrubber(reference))

    def open_type(self, reference: Reference, table: bytes) -> StoredObject:
        """A Secret of which only the type was asked for, as a Table without objects."""
        answer = _json(table)
        if text(answer, "kind") != "Table":
            raise WrongObjectError
        columns = [text(column, "name").lower() for column in items(answer, "columnDefinitions")]
        cells = dig(answer, "rows", 0, "cells")
        row = dict(zip(columns, cells, strict=False)) if isinstance(cells, list) else {}
        if row.get("name") != reference.name:
            raise WrongObjectError
        kept = {"kind": reference.kind, "type": text(row, "type")}
        return StoredObject(reference=reference.key, state="present", body=kept)

    def open_list(
        self, kind: str, namespace: str, pages: Sequence[bytes], *, remember: bool = True
    ) -> list[dict[str, Any]]:
        """The items of a list answer, each sealed as its kind asks for.

        `remember`: pods of the list are those that a report is about, not those beside them.
        """
        kept: list[dict[str, Any]] = []
        for page in pages:
            answer = _json(page)
            if text(answer, "kind") not in (f"{called(kind)}List", "List"):
                raise WrongObjectError
            for item in items(answer, "items"):
                if namespace and text(item, "metadata", "namespace") != namespace:
                    continue
                if kind == "Event":
                    kept.append(redact.event(item, self.scrubber(_involved(item))))
                elif kind == "Pod" and remember:
                    meta = mapping(item, "metadata")
                    reference = Reference(kind, text(meta, "namespace"), text(meta, "name"))
                    kept.append(self.keep(reference, {"kind": kind, **item}).body or {})
                elif kind == "Pod":
                    kept.append(redact.pod(item, self.scrub))
                elif kind in _WORKLOADS:
                    kept.append(redact.workload(item, self.scrub))
                elif kind == "ControllerRevision":
                    kept.append(redact.revision(item, self.scrub))
                elif kind == "PodPreset":
                    kept.append(redact.pod_preset(item, self.scrub))
                else:
                    kept.append(redact.plain(item, self.scrub))
        return kept

    def server_version(self, body: bytes) -> str | None:
        """`gitVersion` of `/version`; None for an answer that is none, such as a portal's page."""
        try:
            return text(_json(body), "gitVersion")[:64]
        except WrongObjectError:
            return None

    def _decode(self, body: bytes, reference: Reference) -> Mapping[str, Any]:
        decoded = _json(body)
        meta = mapping(decoded, "metadata")
        if (
            text(decoded, "kind") != reference.kind
            or text(meta, "name") != reference.name
            or text(meta, "namespace") != reference.namespace
        ):
            raise WrongObjectError
        return decoded

    def _open_keys(self, reference: Reference, body: Mapping[str, Any]) -> dict[str, KeyFacts]:
        secret = reference.kind == "Secret"
        values: dict[str, bytes] = {}
        binary: set[str] = set()
        for field in ("data", "stringData", "binaryData"):
            for key, raw in mapping(body, field).items():
                if not isinstance(raw, str):
                    continue
                encoded = (secret and field == "data") or field == "binaryData"
                value = _unbase64(raw) if encoded else raw.encode("utf-8", "surrogatepass")
                values[str(key)] = value
                if field == "binaryData":
                    binary.add(str(key))
        self._known[_identity(reference)] = values
        if secret:
            self._answered.add(reference)
        for key, value in values.items():
            if secret:
                self._remember(value)
            elif self._is_suspect(key, value):
                self._remember_parts(key, value)
        return {
            key: self._key_facts(reference, key, value, binary=key in binary)
            for key, value in values.items()
        }

    def _key_facts(self, reference: Reference, key: str, value: bytes, *, binary: bool) -> KeyFacts:
        shown = None
        suspect = reference.kind == "ConfigMap" and self._is_suspect(key, value)
        if reference.kind == "ConfigMap" and not binary and not suspect:
            decoded = _utf8(value)
            shown = decoded if decoded is not None and len(decoded) <= _LONGEST_TEXT else None
        told, valid = format_of(value), validity(value)
        return KeyFacts(
            size=len(value) if self.tells_size(reference, key) else None,
            digest=self.key_digest(reference, key, hashlib.sha256(value).hexdigest()),
            text=shown,
            binary=binary,
            not_before=valid.begin,
            not_after=valid.end,
            interpreter=told.interpreter if reference.kind == "ConfigMap" else None,
            carriage_return=told.carriage_return,
            machine=told.machine,
            newline_at_end=value.endswith(b"\n"),
            one_line=b"\n" not in value.rstrip(b"\r\n"),
        )

    def _is_suspect(self, key: str, value: bytes) -> bool:
        known = self._suspects.get((key, value))
        if known is None:
            known = self._suspects[key, value] = _looks_secret(key, value)
        return known

    def value(self, kind: str, namespace: str, name: str, key: str) -> bytes | None:
        """The bytes of one key; None where the object or key was not read. For seal_* only."""
        return self._known.get((kind, f"{namespace}/{name}"), {}).get(key)

    def raw_pod(self, reference: Reference) -> Mapping[str, Any]:
        """The pod as it came, for the sealing of its environment. For seal_* only."""
        return self._raw_pods.get(reference.key, {})

    # -- free text -------------------------------------------------------------------------------

    def _remember(self, value: bytes) -> None:
        """Makes `scrub` remove this secret value, its lines and its usual encodings."""
        short = len(value) <= _LONGEST_SPELT and len(self._secret_values) < _MOST_SPELLINGS
        for whole in {value, value.strip()}:
            if len(whole) >= _SHORTEST_SCRUBBED:
                self._secret_values |= encoded(whole) if short else {*in_base64(whole), whole.hex()}
        for decoded in texts_of(value) if short else [value.decode("utf-8", "replace")]:
            self._remember_text(decoded, short=short)
        self._longest_first = ()

    def _remember_text(self, decoded: str, *, short: bool) -> None:
        lines = decoded.splitlines()[:_MOST_LINES]
        found_in = encodings if short and len(lines) <= _FEW_LINES else usual_encodings
        for part in {decoded, decoded.strip(), *lines, *(line.strip() for line in lines)}:
            known = part.replace("\ufffd", "")
            if len(known.encode("utf-8", "replace")) >= (
                _SHORTEST_SCRUBBED if known == part else _FEWEST_KNOWN
            ):
                self._secret_values |= found_in(part)
        if not short:
            return
        # Of `{"auths":{"registry":{"password":"…"}}}` a program prints the password alone.
        for part in secret_parts(decoded[:_LONGEST_SPELT])[:_MOST_PARTS]:
            if len(part.encode("utf-8", "replace")) >= _SHORTEST_SCRUBBED:
                self._secret_values |= encodings(part)

    def _remember_parts(self, name: str, value: bytes) -> None:
        """What is secret in the value of a literal or of a ConfigMap's key, which may hold more."""
        if len(self._secret_values) >= _MOST_SPELLINGS:
            # A ConfigMap of thousands of passwords: to look for each of them in each text takes
            # minutes.
            return
        decoded = value[:_LONGEST_JUDGED].decode("utf-8", "replace")
        if all_public(decoded):
            return
        for part in secret_literal_parts(name, decoded)[:_MOST_PARTS]:
            self._remember(part.encode("utf-8", "surrogatepass"))

    def remember_unread(self, name: str, value: bytes, *, secret: bool) -> None:
        """An observed variable whose source was not read, unless it is a word or a number.

        `secret`: it is declared to come from an object that may not be read.
        """
        self._remember_parts(f"{name}_secret" if secret else name, value)

    def _remember_literals(self, pod: Mapping[str, Any]) -> None:
        """Passwords that stand in the pod itself, so that logs and events do not repeat them."""
        for entry in containers(pod):
            for variable in items(entry.spec, "env"):
                value = text(variable, "value")
                if value:
                    encoded_value = value.encode("utf-8", "surrogatepass")
                    self._remember_parts(text(variable, "name"), encoded_value)

    def without(self, secret: Reference) -> None:
        """There is nothing to be known of this Secret: it may not be read, or does not exist."""
        self._answered.add(secret)

    def unread(self, pod: Reference | None = None) -> list[Reference]:
        """The Secrets in the variables and volumes of the pod that have not been read, though they
        may be there; of all pods of the run without one, or for a pod that was not kept here.
        """
        own = self._uses.get(pod.key) if pod is not None else None
        uses = self._uses.values() if own is None else [own]
        return sorted({one for each in uses for one in each if one not in self._answered})

    def scrubber(self, pod: Reference | None) -> Callable[[str], str]:
        """What free text of this pod (None: of no pod alone) goes through, whatever it is.

        A value that was not read cannot be looked for. So nothing of the text goes on until every
        Secret of the pod has an answer.
        """
        return _withhold if self.unread(pod) else self.scrub_known

    def scrub(self, free_text: str) -> str:
        """Free text that is of no pod alone; see `scrubber`."""
        return self.scrubber(None)(free_text)

    def found_in(self, document: str) -> int:
        """How many of the secret values that are known stand in a text; never which."""
        return sum(value in document for value in self._secret_values)

    def scrub_known(self, named: str) -> str:
        """A name or a path with every known secret value replaced; free text has `scrubber`."""
        if not self._longest_first:
            # A value that another one holds must not leave the rest of that one standing.
            self._longest_first = tuple(sorted(self._secret_values, key=len, reverse=True))
        for value in self._longest_first:
            if value in named:
                named = named.replace(value, HIDDEN)
        return named

    def free_text(self, lines: str, pod: Reference | None = None) -> str:
        """Log lines: known secret values scrubbed, what looks like a secret hidden."""
        return hide_text(self.scrubber(pod)(lines))


def _withhold(free_text: str) -> str:
    return WITHHELD if free_text else free_text


def _involved(event: Mapping[str, Any]) -> Reference | None:
    """The pod that an event is about; None for anything else."""
    named = mapping(event, "involvedObject")
    if text(named, "kind") != "Pod":
        return None
    return Reference("Pod", text(named, "namespace"), text(named, "name"))


def _identity(reference: Reference) -> tuple[str, str]:
    return reference.kind, f"{reference.namespace}/{reference.name}"


def _looks_secret(key: str, value: bytes) -> bool:
    decoded = value[:_LONGEST_JUDGED].decode("utf-8", "replace")
    # Also certificates are not shown, though they are no secret.
    return all_public(decoded) or secret_name(key) or secret_value(decoded)


def _utf8(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _unbase64(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def token_claims(part: str) -> Mapping[str, Any] | None:
    """The middle part of a service account token; None where it is not JSON in base64url."""
    try:
        return _json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, WrongObjectError):
        return None


def _json(body: bytes) -> Mapping[str, Any]:
    """Decoded JSON; the decoder's own errors quote what they choke on, so they end here."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise WrongObjectError from None
    if not isinstance(decoded, Mapping):
        raise WrongObjectError
    return decoded
