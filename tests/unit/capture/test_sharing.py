"""A bundle for sharing: its manifest counts what is hidden, and the finished file is searched."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import kit
from kubectl_podx.capture.bundle import read_bundle, read_text
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.sharing import Witness, manifest_of, share, told
from kubectl_podx.model.capture import Capture, LogTail
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.reference import Reference

ROOT = Path(__file__).resolve().parents[3]
RECORDING = read_bundle(ROOT / "kubectl_podx/recordings/1-liveness-kill.podx")
SECRET = Reference("Secret", "shop", "login")


def sealer(value: str = "violet-harbour-42") -> Sealer:
    found = Sealer()
    body = {
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "shop"},
        "stringData": {"password": value},
    }
    found.keep(SECRET, body)
    return found


def witness(value: str = "violet-harbour-42") -> Witness:
    found = Witness()
    found.search = sealer(value).found_in
    return found


def test_the_search_knows_a_value_in_every_spelling_and_tells_only_a_number() -> None:
    search = sealer().found_in
    assert search("nothing here") == 0
    for text in (
        "x violet-harbour-42 y",
        "dmlvbGV0LWhhcmJvdXItNDI=",
        "76696f6c65742d686172626f75722d3432",
    ):
        assert search(text) >= 1
    assert isinstance(search("violet-harbour-42"), int)


def test_logs_and_values_are_left_out_whatever_the_capture_holds(tmp_path: Path) -> None:
    path = tmp_path / "x.podx"
    assert any(pod.logs for pod in RECORDING.pods)
    shared = share(RECORDING, path, witness())
    kept = read_bundle(path)
    assert [pod.logs for pod in kept.pods] == [[]] * len(kept.pods)
    assert all(
        facts.text is None
        for stored in kept.objects.values()
        for facts in (stored.keys or {}).values()
    )
    assert kept.sharing == shared.manifest
    found = {(each.rule, each.field): each.values for each in shared.manifest.places}
    lines = sum(len(log.lines) for pod in RECORDING.pods for log in pod.logs)
    assert found["logLine", "pods.logs"] == lines
    assert found["configMapKey", "objects.ConfigMap.keys"] == 2
    assert shared.manifest.hidden == sum(found.values())
    assert told(shared.manifest)[0] == f"hidden: {shared.manifest.hidden} values"
    assert json.loads(read_text(path))["sharing"]["hidden"] == shared.manifest.hidden


def test_a_secret_in_the_file_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.podx"
    # What is in every capture: as if the name of the pod were somebody's password.
    name = Reference.of_key(RECORDING.pods[0].reference).name
    with pytest.raises(PodxError, match="the file was deleted: ") as caught:
        share(RECORDING, path, witness(name))
    assert name not in str(caught.value)
    assert not path.exists()


def test_a_bundle_that_was_read_cannot_be_searched(tmp_path: Path) -> None:
    """The secret values of its run are gone."""
    with pytest.raises(PodxError, match="was made now"):
        share(RECORDING, tmp_path / "x.podx", Witness())
    assert [*tmp_path.iterdir()] == []


def test_the_manifest_names_rule_and_field_and_no_object() -> None:
    body = kit.pod(kit.container("app", command=["run", "--password=<hidden>", "<hidden>"]))
    body["metadata"]["labels"] = {"a.example/b": "<hidden>"}
    log = LogTail(container="app", previous=False, state="ok", lines=["x"])
    capture = kit.capture_of([(kit.captured(body, logs=[log]), body)])
    found = {(each.rule, each.field): each.values for each in manifest_of(capture).places}
    assert found["looksSecret", "objects.Pod.spec.containers.command"] == 2
    assert found["looksSecret", "objects.Pod.metadata.labels"] == 1
    assert all("web" not in field for _, field in found)


def test_withheld_texts_are_counted() -> None:
    from kubectl_podx.capture.redact import WITHHELD

    body = kit.pod(kit.container("app"))
    body["status"]["message"] = WITHHELD
    capture = kit.capture_of([(kit.captured(body), body)])
    pods = [msgspec.structs.replace(capture.pods[0], withheld=["Secret/shop/login"])]
    found = {
        (each.rule, each.field): each.values
        for each in manifest_of(msgspec.structs.replace(capture, pods=pods)).places
    }
    assert found["withheldText", "objects.Pod.status.message"] == 1
    assert found["unreadSecret", "pods.withheld"] == 1


def test_an_older_bundle_has_no_manifest() -> None:
    assert RECORDING.sharing is None
    assert msgspec.json.decode(msgspec.json.encode(RECORDING), type=Capture) == RECORDING
