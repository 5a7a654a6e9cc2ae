"""Values that no output may hold, each in every form in which somebody might print it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
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
    "Secret with signs that encoders spell otherwise": 'canary<sign>&"q"\\-9e1d',
    "volume attribute named password": "canary-volume-2b7e",
    "flexVolume option named secret": "canary-flex-4d1c",
}
NOT_UTF8 = b"canary-\xff\xfe-raw-55aa"
"""What a mounted Secret holds beside them: no text at all."""


def forms(value: str) -> set[str]:
    """The value as text and in every spelling in which a program may write it.

    Base64 and base32 (padded or not, for URLs or not), hex, percent-encoded, escaped for JSON (as
    Python and as Go do it), HTML and Python, hashed.
    """
    parts = {value, *value.split("\n")} if len(value) >= 8 else {value}
    return {form for part in parts for form in (*_texts(part), *_of_bytes(part.encode()))}


def _texts(part: str) -> set[str]:
    percent = urllib.parse.quote(part)
    json_text = json.dumps(part)[1:-1]
    go_json = json_text
    for sign in "<>&":
        go_json = go_json.replace(sign, f"\\u{ord(sign):04x}")
    go_html = html.escape(part, quote=False).replace('"', "&#34;").replace("'", "&#39;")
    lower = re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), percent)
    return {
        *(part, percent, lower, urllib.parse.quote(part, safe=""), urllib.parse.quote_plus(part)),
        *(json_text, go_json, html.escape(part), go_html, repr(part)[1:-1]),
    }


def _of_bytes(raw: bytes) -> set[str]:
    return {
        *(base64.b64encode(raw).decode().rstrip("="), base64.b32encode(raw).decode().rstrip("=")),
        *(base64.urlsafe_b64encode(raw).decode().rstrip("="), raw.hex(), raw.hex().upper()),
        *(hashlib.sha256(raw).hexdigest(), hashlib.sha256(raw + b"\n").hexdigest()),
    }


FORMS = {
    **{name: forms(value) for name, value in CANARIES.items()},
    "Secret that is no text": {NOT_UTF8.decode(errors="replace"), *_of_bytes(NOT_UTF8)},
}


def leaks(printed: str) -> list[str]:
    """The canaries of which any form stands in the text."""
    return [name for name, several in FORMS.items() if any(each in printed for each in several)]


def objects() -> list[Manifest]:
    """Everything that holds a canary, but for what the running program makes itself."""
    value = CANARIES
    registry = {"auths": {"r.example": {"password": value["registry password"]}}}
    held = secret(
        "canary",
        {
            "password": value["Secret, as variable, file and argument"],
            "rotated": "before",
            "lines": value["Secret, several lines"],
            "short": value["Secret, short"],
            "signs": value["Secret with signs that encoders spell otherwise"],
        },
    )
    held["data"]["raw"] = base64.b64encode(NOT_UTF8).decode()
    return [
        held,
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
        waiting_pod(),
    ]


def waiting_pod() -> Manifest:
    """Its volumes can never be mounted: their drivers do not exist."""
    value = CANARIES
    attributes = {"password": value["volume attribute named password"], "size": "1Gi"}
    options = {"clientSecret": value["flexVolume option named secret"]}
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("csi", "flex")]
    return pod(
        "canary-waiting",
        shell(FOREVER, volumeMounts=mounts),
        volumes=[
            {"name": "csi", "csi": {"driver": "gone.example.com", "volumeAttributes": attributes}},
            {"name": "flex", "flexVolume": {"driver": "example.com/gone", "options": options}},
        ],
    )


def _script() -> str:
    vault = CANARIES["file in an emptyDir"].removeprefix("canary-")
    made = CANARIES["environment that the program made"].removeprefix("canary-")
    return (
        # The program puts both together: neither stands in the pod. The file is as Vault's agent
        # makes one: beside the program, of a source that nothing declares.
        f"c=canary-; echo ${{c}}{vault} > /vault/token; export LATER=${{c}}{made}; "
        "echo connecting with $FROM_SECRET and $SHORT and $DB_PASSWORD; "
        "printf '%s' \"$LINES\" | head -n 1; "
        f"{_SPELLED}"
        "printf 'died of %s' \"$FROM_SECRET\" > /dev/termination-log; "
    )


# A log as programs of several languages write it: what they print of a value is not its text.
_SPELLED = r"""
plain() { cat; }
go_json() { sed 's/\\/\\\\/g; s/"/\\"/g; s/</\\u003c/g; s/>/\\u003e/g; s/&/\\u0026/g'; }
go_html() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&#34;/g'; }
percent() { sed 's/</%3c/g; s/>/%3e/g; s/&/%26/g; s/"/%22/g; s/\\/%5c/g'; }
upper_hex() { od -An -v -tx1 | tr -d ' \n' | tr a-f A-F; }
base_32() { base32 -w 0; }
base_64() { base64 -w 0; }
for way in plain go_json go_html percent upper_hex base_32 base_64; do
  printf '%s %s\n' $way "$(printf %s "$SIGNS" | $way)"
done
echo "raw $(cat /s/raw)"
"""


def canary_pod() -> Manifest:
    value = CANARIES
    env: list[Any] = [
        {
            "name": "FROM_SECRET",
            "valueFrom": {"secretKeyRef": {"name": "canary", "key": "password"}},
        },
        {"name": "SHORT", "valueFrom": {"secretKeyRef": {"name": "canary", "key": "short"}}},
        {"name": "SIGNS", "valueFrom": {"secretKeyRef": {"name": "canary", "key": "signs"}}},
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
