"""Values that no output may hold, each in every form in which somebody might print it."""

from __future__ import annotations

import base64
import hashlib
import urllib.parse
from typing import Any

from e2e.manifests import FOREVER, pod, secret, shell
from e2e.support import Manifest

# What knows it -> the value. Each is unlike anything else that an output holds.
CANARIES = {
    "Secret, as variable, file and argument": "canary-secret-8d1f/with space",
    "Secret that changed since": "canary-changed-51cc-ZZ",
    "Secret, several lines": "canary-line-0a9b\ncanary-second-77fe",
    "Secret, short": "cnry7q",
    "literal password": "canary-literal-77ab",
    "literal in a URL": "canaryurl-3be2",
    "probe header": "canary-header-19dd",
    "argument of a flag": "canary-flag-c0de",
    "argument as an assignment": "canary-assign-4f4f",
    "hook command": "canary-hook-5a5a",
    "registry password": "canary-registry-e771",
    "Secret in last-applied-configuration": "canary-applied-90c3",
    "annotation that names itself a token": "canary-annotation-22aa",
    "file in an emptyDir": "canary-vault-6d6d",
    "environment that the program made": "canary-inprocess-b3b3",
    "ConfigMap key that names itself a password": "canary-configmap-f00f",
}


def forms(value: str) -> set[str]:
    """The value as text, base64 (padded or not, for URLs or not), hex, quoted, hashed."""
    raw = value.encode()
    parts = {value, *value.split("\n")} if len(value) >= 8 else {value}
    encoded = {
        text
        for part in parts
        for text in (
            part,
            urllib.parse.quote(part),
            urllib.parse.quote_plus(part),
            base64.b64encode(part.encode()).decode().rstrip("="),
            base64.urlsafe_b64encode(part.encode()).decode().rstrip("="),
            part.encode().hex(),
            part.encode().hex().upper(),
            hashlib.sha256(part.encode()).hexdigest(),
            hashlib.sha256(part.encode() + b"\n").hexdigest(),
        )
    }
    return encoded | {hashlib.sha256(raw).hexdigest(), repr(value)[1:-1]}


FORMS = {name: forms(value) for name, value in CANARIES.items()}


def leaks(printed: str) -> list[str]:
    """The canaries of which any form stands in the text."""
    return [name for name, several in FORMS.items() if any(each in printed for each in several)]


def objects() -> list[Manifest]:
    """Everything that holds a canary, but for what the running program makes itself."""
    value = CANARIES
    registry = {"auths": {"r.example": {"password": value["registry password"]}}}
    return [
        secret(
            "canary",
            {
                "password": value["Secret, as variable, file and argument"],
                "rotated": "before",
                "lines": value["Secret, several lines"],
                "short": value["Secret, short"],
            },
        ),
        {
            **secret("canary-registry", {".dockerconfigjson": str(registry).replace("'", '"')}),
            "type": "kubernetes.io/dockerconfigjson",
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "canary"},
            "data": {
                "db-password": value["ConfigMap key that names itself a password"],
                "level": "very",
            },
        },
        canary_pod(),
    ]


def _script() -> str:
    vault = CANARIES["file in an emptyDir"].removeprefix("canary-")
    made = CANARIES["environment that the program made"].removeprefix("canary-")
    return (
        # The program puts both together: neither stands in the pod. The file is as Vault's agent
        # makes one: beside the program, of a source that nothing declares.
        f"c=canary-; echo ${{c}}{vault} > /vault/token; export LATER=${{c}}{made}; "
        "echo connecting with $FROM_SECRET and $SHORT and $DB_PASSWORD; "
        "printf '%s' \"$LINES\" | head -n 1; "
        "printf 'died of %s' \"$FROM_SECRET\" > /dev/termination-log; "
    )


def canary_pod() -> Manifest:
    value = CANARIES
    env: list[Any] = [
        {
            "name": "FROM_SECRET",
            "valueFrom": {"secretKeyRef": {"name": "canary", "key": "password"}},
        },
        {"name": "SHORT", "valueFrom": {"secretKeyRef": {"name": "canary", "key": "short"}}},
        {"name": "LINES", "valueFrom": {"secretKeyRef": {"name": "canary", "key": "lines"}}},
        {"name": "DB_PASSWORD", "value": value["literal password"]},
        {"name": "BACKEND", "value": f"https://me:{value['literal in a URL']}@db.example/x"},
        {"name": "DERIVED", "value": "url/$(FROM_SECRET)/x"},
    ]
    probe = {
        "httpGet": {
            "path": "/",
            "port": 1,
            "httpHeaders": [{"name": "X-Plain", "value": value["probe header"]}],
        },
        "periodSeconds": 1,
    }
    arguments = [
        f"--password={value['argument as an assignment']}",
        "--api-token",
        value["argument of a flag"],
        "$(FROM_SECRET)",
    ]
    hook = {"exec": {"command": ["sh", "-c", f"TOKEN={value['hook command']} true"]}}
    mounts = [
        {"name": "s", "mountPath": "/s"},
        {"name": "s", "mountPath": "/one", "subPath": "password"},
        {"name": "c", "mountPath": "/c"},
        {"name": "vault", "mountPath": "/vault"},
        {"name": "d", "mountPath": "/d"},
    ]
    made = pod(
        "canary",
        shell(
            f"{_script()} {FOREVER}",
            env=env,
            args=arguments,
            envFrom=[
                {"secretRef": {"name": "canary"}, "prefix": "ALL_"},
                {"configMapRef": {"name": "canary"}, "prefix": "CM_"},
            ],
            readinessProbe=probe,
            lifecycle={"preStop": hook},
            volumeMounts=mounts,
        ),
        shell(
            f"{_script()} sleep 1; echo leaving $FROM_SECRET >&2; exit 3",
            name="crashing",
            env=env,
            volumeMounts=mounts,
        ),
        imagePullSecrets=[{"name": "canary-registry"}],
        volumes=[
            {"name": "s", "secret": {"secretName": "canary"}},
            {"name": "c", "configMap": {"name": "canary"}},
            {"name": "vault", "emptyDir": {}},
            {
                "name": "d",
                "downwardAPI": {
                    "items": [
                        {"path": "all", "fieldRef": {"fieldPath": "metadata.annotations"}},
                    ]
                },
            },
        ],
    )
    applied = secret("other", {"k": value["Secret in last-applied-configuration"]})
    applied["stringData"] = {"k": value["Secret in last-applied-configuration"]}
    made["metadata"]["annotations"] = {
        "example.com/last-applied-configuration": str(applied),
        "example.com/api-token": value["annotation that names itself a token"],
    }
    return made
