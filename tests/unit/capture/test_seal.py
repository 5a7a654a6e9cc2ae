"""Sealing: equality survives, values do not."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.reference import Reference

CANARY = "canary-7f3a-hunter2"
FORMS = (
    CANARY,
    base64.b64encode(CANARY.encode()).decode(),
    CANARY.encode().hex(),
    hashlib.sha256(CANARY.encode()).hexdigest(),
)
SECRET = Reference("Secret", "shop", "db")
CONFIG = Reference("ConfigMap", "shop", "web")
POD = Reference("Pod", "shop", "web-0")


def body(reference: Reference, **fields: Any) -> bytes:
    meta = {"name": reference.name, "namespace": reference.namespace, "uid": "u-1"}
    given_meta = fields.pop("metadata", {})
    return json.dumps(
        {"kind": reference.kind, "metadata": {**meta, **given_meta}, **fields}
    ).encode()


def secret(value: str) -> bytes:
    return body(SECRET, type="Opaque", data={"password": base64.b64encode(value.encode()).decode()})


def assert_clean(written: object) -> None:
    shown = msgspec.json.encode(written).decode() + repr(written)
    for form in FORMS:
        assert form not in shown


def test_a_secret_keeps_its_keys_but_neither_value_nor_length() -> None:
    stored = Sealer().open(SECRET, secret(CANARY))
    assert stored.keys is not None
    assert stored.keys["password"].size is None
    assert stored.keys["password"].digest.startswith("keyed:")
    assert "data" not in (stored.body or {})
    assert_clean(stored)


def test_equal_bytes_compare_equal_within_a_run_and_differ_between_runs() -> None:
    sealer = Sealer()
    stored = sealer.open(SECRET, secret(CANARY))
    assert stored.keys is not None
    sha = hashlib.sha256(CANARY.encode()).hexdigest()
    assert sealer.key_digest(SECRET, "password", sha) == stored.keys["password"].digest
    assert sealer.key_digest(SECRET, "other", sha) != stored.keys["password"].digest
    assert Sealer().key_digest(SECRET, "password", sha) != stored.keys["password"].digest


def test_a_config_map_shows_short_harmless_values_and_hides_secret_like_ones() -> None:
    stored = Sealer().open(
        CONFIG, body(CONFIG, data={"level": "very", "db-password": CANARY, "long": "x" * 5000})
    )
    assert stored.keys is not None
    assert stored.keys["level"].text == "very"
    assert stored.keys["level"].digest == "sha256:" + hashlib.sha256(b"very").hexdigest()
    assert stored.keys["long"].text is None
    assert_clean(stored)


def test_a_certificate_is_public_and_the_key_beside_it_is_not() -> None:
    """`kube-root-ca.crt` is in every pod: to look for it in all text would only take time."""
    body64 = "MIIBkDCCATagAwIBAgIUfa7jusdm2zNiwqi1U2R0" * 4
    certificate = f"-----BEGIN CERTIFICATE-----\n{body64}\n-----END CERTIFICATE-----\n"
    key = certificate.replace("CERTIFICATE", "EC PRIVATE KEY")
    text = f"said {body64[:40]} and {body64}"
    for value, shown in (
        (certificate, True),
        (certificate * 3, True),
        (f"\n{certificate}", True),
        (key, False),
        (certificate + key, False),
        (f"{certificate}password={CANARY}", False),
        (certificate.replace("-----END CERTIFICATE-----", "-----END EC PRIVATE KEY-----"), False),
    ):
        sealer = Sealer()
        sealer.open(CONFIG, body(CONFIG, data={"ca.crt": value}))
        assert (sealer.scrub(text) == text) is shown, value
        assert CANARY not in sealer.scrub(f"password is {CANARY}") or CANARY not in value


def test_binary_data_is_marked() -> None:
    stored = Sealer().open(
        CONFIG, body(CONFIG, binaryData={"blob": base64.b64encode(b"\xff\x00").decode()})
    )
    assert stored.keys is not None
    assert stored.keys["blob"].binary
    assert stored.keys["blob"].size == 2


def pod_with(value: str) -> bytes:
    container = {
        "name": "app",
        "env": [{"name": "DB_PASSWORD", "value": value}, {"name": "GREETING", "value": "hello"}],
        "args": ["--token", value, "--port=80"],
        "livenessProbe": {
            "httpGet": {"path": "/", "httpHeaders": [{"name": "X-Whatever", "value": value}]}
        },
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", f"PASSWORD={value} stop"]}}},
    }
    meta = {
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"env": value}),
            "note": "plain",
        },
        "managedFields": [
            {"manager": "kubectl", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:x": {}}}
        ],
    }
    status = {"conditions": [{"type": "Ready", "message": f"could not log in with {value}"}]}
    return body(POD, metadata=meta, spec={"containers": [container]}, status=status)


def test_a_pod_goes_on_without_its_literal_secrets() -> None:
    sealer = Sealer()
    sealer.open(SECRET, secret(CANARY))
    stored = sealer.open(POD, pod_with(CANARY))
    assert_clean(stored)
    assert stored.body is not None
    container = stored.body["spec"]["containers"][0]
    assert container["env"][0]["value"] == "<hidden>"
    assert container["env"][1]["value"] == "hello"
    assert container["args"] == ["--token", "<hidden>", "--port=80"]
    assert stored.body["metadata"]["annotations"]["note"] == "plain"
    assert stored.body["metadata"]["managedFields"] == [
        {"manager": "kubectl", "time": "2026-01-01T00:00:00Z", "paths": ["x"]}
    ]


def test_known_secrets_are_scrubbed_from_free_text_in_every_line_and_as_base64() -> None:
    sealer = Sealer()
    sealer.open(SECRET, secret(f"{CANARY}\nsecond-line-value"))
    text = f"login {CANARY} and second-line-value failed {base64.b64encode(b'x').decode()}"
    assert sealer.scrub(text) == "login <hidden> and <hidden> failed eA=="


def test_another_object_than_the_one_asked_for_is_refused() -> None:
    for other in (
        body(Reference("Secret", "shop", "other")),
        body(Reference("ConfigMap", "shop", "db")),
        body(Reference("Secret", "else", "db")),
        b"[]",
        b"not json",
        b'{"a":' * 2000,
    ):
        with pytest.raises(WrongObjectError) as caught:
            Sealer().open(SECRET, other)
        assert str(caught.value) == ""


def test_a_table_gives_a_pull_secrets_type_and_nothing_else() -> None:
    table = {
        "kind": "Table",
        "columnDefinitions": [{"name": "Name"}, {"name": "Type"}, {"name": "Data"}],
        "rows": [{"cells": ["db", "kubernetes.io/dockerconfigjson", 1]}],
    }
    stored = Sealer().open_type(SECRET, json.dumps(table).encode())
    assert stored.body == {"kind": "Secret", "type": "kubernetes.io/dockerconfigjson"}
    with pytest.raises(WrongObjectError):
        Sealer().open_type(SECRET, secret(CANARY))


def test_a_sealer_cannot_be_written_or_read_out() -> None:
    sealer = Sealer()
    sealer.open(SECRET, secret(CANARY))
    assert repr(sealer) == "<Sealer>"
    with pytest.raises(TypeError):
        pickle.dumps(sealer)
    with pytest.raises((TypeError, msgspec.MsgspecError)) as caught:
        msgspec.json.encode(sealer)
    assert CANARY not in str(caught.value)


@given(st.binary(max_size=400))
def test_no_answer_of_the_server_breaks_it(answer: bytes) -> None:
    with pytest.raises(WrongObjectError):
        Sealer().open(SECRET, answer)


@given(st.text(max_size=40))
def test_a_json_string_is_spelt_as_json_spells_it(value: str) -> None:
    from kubectl_podx.capture.encodings import _json_strings

    spelt = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    assert _json_strings(value) == spelt
