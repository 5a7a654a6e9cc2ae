"""A Secret's value, in every form that somebody might print, is in no output."""

from __future__ import annotations

import base64
import gzip
import hashlib
import urllib.parse
from pathlib import Path

import pytest

from e2e.manifests import FOREVER, pod, secret, shell
from e2e.support import Bench

pytestmark = pytest.mark.cluster

SECRET = "canary-secret-8d1f/with space"
LITERAL = "canary-literal-77ab"
CHANGED = "canary-changed-51cc-ZZ"


def forms(value: str) -> list[str]:
    raw = value.encode()
    return [
        value,
        base64.b64encode(raw).decode().rstrip("="),
        raw.hex(),
        urllib.parse.quote(value),
        urllib.parse.quote_plus(value),
        hashlib.sha256(raw).hexdigest(),
    ]


@pytest.fixture(scope="module")
def canary(bench: Bench) -> str:
    bench.apply(secret("canary", {"password": SECRET, "rotated": "before"}))
    env = [
        {
            "name": "FROM_SECRET",
            "valueFrom": {"secretKeyRef": {"name": "canary", "key": "password"}},
        },
        {"name": "DB_PASSWORD", "value": LITERAL},
        {"name": "DERIVED", "value": "url/$(FROM_SECRET)/x"},
    ]
    script = f"echo login with $FROM_SECRET and {LITERAL}; export LATER=$FROM_SECRET; {FOREVER}"
    probe = {
        "httpGet": {
            "path": "/",
            "port": 1,
            "httpHeaders": [{"name": "Authorization", "value": f"Bearer {LITERAL}"}],
        },
        "periodSeconds": 1,
    }
    bench.apply(
        pod(
            "canary",
            shell(
                script,
                env=env,
                envFrom=[{"secretRef": {"name": "canary"}, "prefix": "ALL_"}],
                readinessProbe=probe,
                volumeMounts=[{"name": "s", "mountPath": "/s"}],
            ),
            volumes=[{"name": "s", "secret": {"secretName": "canary"}}],
        )
    )
    bench.wait_for_pod("canary", lambda p: p["status"].get("phase") == "Running", "Running")
    # From here on the files and the environment hold what the Secret no longer says.
    bench.apply(secret("canary", {"password": SECRET, "rotated": CHANGED}))
    return "canary"


COMMANDS = [
    ("describe",),
    ("describe", "-o", "wide"),
    ("describe", "-o", "json"),
    ("describe", "-o", "yaml"),
    ("describe", "-o", "mermaid"),
    ("describe", "-o", "html"),
    ("describe", "-o", "json", "--query", "environment"),
    ("describe", "-v"),
    ("files", "-o", "wide"),
    ("env", "-o", "wide"),
    ("probes",),
    ("timeline",),
    ("describe", "--deadline", "1ms"),
    ("describe", "--query", "nonsense("),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_output_holds_a_value(bench: Bench, canary: str, words: tuple[str, ...]) -> None:
    command, *rest = words
    answer = bench.podx(command, canary, *rest, check=False)
    printed = answer.stdout + answer.stderr
    assert printed.strip()
    assert "Traceback" not in printed
    for value in (SECRET, LITERAL, CHANGED):
        assert [form for form in forms(value) if form in printed] == []


def test_no_bundle_holds_a_value(bench: Bench, canary: str, tmp_path: Path) -> None:
    path = tmp_path / "incident.podx"
    bench.podx("capture", canary, "-O", str(path))
    content = gzip.decompress(path.read_bytes()).decode()
    for value in (SECRET, LITERAL, CHANGED):
        assert [form for form in forms(value) if form in content] == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_compared_all_the_same(bench: Bench, canary: str) -> None:
    report = bench.report(canary)
    variables = {one["name"]: one for one in report["environment"]}
    assert variables["FROM_SECRET"]["state"] == "current"
    assert variables["DERIVED"]["state"] == "current"
    assert variables["ALL_rotated"]["state"] == "frozen"
    assert variables["DB_PASSWORD"]["injected"] == "<hidden>"


def test_they_are_shown_to_who_asks_for_them_and_nowhere_else(
    bench: Bench, canary: str, tmp_path: Path
) -> None:
    answer = bench.podx("describe", canary, "--reveal")
    table = answer.stdout.partition("Revealed variables:")[2]
    assert SECRET in table
    assert LITERAL in table
    # Both sides: what the Secret says now, and what the container was started with.
    (rotated,) = [line for line in table.splitlines() if " ALL_rotated " in line]
    assert CHANGED in rotated
    assert "before" in rotated
    assert "/s/password" in table
    report = answer.stdout.partition("Revealed variables:")[0]
    for value in (SECRET, LITERAL, CHANGED):
        assert [form for form in forms(value) if form in report + answer.stderr] == []
    assert "--reveal: the output ends with the values of" in answer.stderr
    bundle = tmp_path / "x.podx"
    for words in (
        ("describe", canary, "--reveal", "-o", "json"),
        ("capture", canary, "--reveal", "-O", str(bundle)),
    ):
        refused = bench.podx(*words, check=False)
        assert refused.status == 2
        assert not refused.stdout
        assert "--reveal" in refused.stderr
    assert not bundle.exists()
