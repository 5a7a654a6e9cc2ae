"""`capture --for-sharing` on the real cluster: what is hidden is listed, and a leak is no file."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from e2e.canaries import leaks, objects
from e2e.manifests import FOREVER, pod, secret, shell
from e2e.support import Bench

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def canary(bench: Bench) -> str:
    bench.apply(objects())
    bench.wait_for_pod(
        "canary",
        lambda found: any(
            one["name"] == "crashing" and one["restartCount"] >= 1
            for one in found["status"].get("containerStatuses", [])
        ),
        "the crashing container has been restarted",
    )
    return "canary"


def test_the_file_holds_a_manifest_and_no_canary(bench: Bench, canary: str, tmp_path: Path) -> None:
    path = tmp_path / "shared.podx"
    answer = bench.podx("capture", canary, "--for-sharing", "-O", str(path))
    data = path.read_bytes()
    assert f"sha256 {hashlib.sha256(data).hexdigest()}" in answer.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    text = gzip.decompress(data).decode()
    assert leaks(text) == []
    document = json.loads(text)
    assert [pod["logs"] for pod in document["pods"]] == [[]]
    found = {
        (each["rule"], each["field"]): each["values"] for each in document["sharing"]["places"]
    }
    # Those of the Secret of variables, and of the pull secret.
    assert found["secretKey", "objects.Secret.keys"] >= 6
    assert found["configMapKey", "objects.ConfigMap.keys"] >= 2
    assert document["sharing"]["hidden"] == sum(found.values())
    assert f"hidden: {document['sharing']['hidden']} values" in answer.stdout
    replay = bench.podx("describe", "--from", str(path), "-o", "brief")
    assert "canary" in replay.stdout
    assert leaks(replay.stdout) == []


def test_a_value_of_a_secret_in_a_name_leaves_no_file(bench: Bench, tmp_path: Path) -> None:
    """A name is no free text: it is not scrubbed, so the search has to find it."""
    value = "violet-harbour-42"
    bench.apply(secret("named", {"login": value}))
    env = [{"name": "LOGIN", "valueFrom": {"secretKeyRef": {"name": "named", "key": "login"}}}]
    made = pod("named", shell(FOREVER, env=env))
    made["spec"]["containers"][0]["name"] = value
    bench.start(made)
    path = tmp_path / "shared.podx"
    answer = bench.podx("capture", "named", "--for-sharing", "-O", str(path), check=False)
    assert answer.status == 1
    assert "the file was deleted" in answer.stderr
    assert value not in answer.stderr + answer.stdout
    assert not path.exists()


@pytest.mark.parametrize("words", [("--include-logs",), ("--logs", "5"), ("--include-values",)])
def test_it_stores_neither_logs_nor_values(bench: Bench, words: tuple[str, ...]) -> None:
    answer = bench.podx("capture", "x", "--for-sharing", *words, check=False)
    assert answer.status == 2
    assert "neither logs nor values" in answer.stderr
