"""Images: what is asked for against what is there, pull errors in plain words, pull secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.manifests import BUSYBOX, container, deployment, pod, secret, shell
from e2e.reports import assert_healthy, codes, finding, row
from e2e.support import Bench, Manifest, is_ready, waiting

pytestmark = pytest.mark.cluster

NOBODY = "registry.invalid/shop/web:1.0"


def pull_secret(name: str) -> Manifest:
    login = json.dumps({"auths": {"registry.invalid": {"auth": "dTpw"}}})
    made = secret(name, {".dockerconfigjson": login})
    return made | {"type": "kubernetes.io/dockerconfigjson"}


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    """Every pod of the module, started together."""
    bench.apply([pull_secret("registry"), secret("not-a-login", {"user": "x"})])
    lost = container("app", NOBODY, command=["sleep", "1000"])
    bench.apply(
        [
            pod("cannot-pull", lost),
            pod(
                "wrong-secrets",
                lost,
                imagePullSecrets=[{"name": "registry"}, {"name": "gone"}, {"name": "not-a-login"}],
            ),
            pod("may-not-pull", lost | {"imagePullPolicy": "Never"}),
            pod("bad-name", container("app", "Shop/Web:1.0")),
        ]
    )
    latest = {"name": "app", "image": NOBODY.replace(":1.0", "")}
    bench.apply(pod("defaulted", latest))
    bench.start(pod("present"), pod("spare", imagePullSecrets=[{"name": "gone"}]))


def test_an_image_that_is_there(bench: Bench) -> None:
    report = bench.report("present")
    image = row(report, "images", container="app")
    assert (image["image"], image["tag"], image["state"]) == (BUSYBOX, "1.36", "present")
    assert (image["pullPolicy"], image["pullPolicyBasis"]) == ("IfNotPresent", "matchesDefault")
    assert_healthy(report)


def test_an_image_that_cannot_be_pulled(bench: Bench) -> None:
    def failing() -> Any:
        report = bench.report("cannot-pull")
        return report if "IMG001" in codes(report) else None

    report = bench.wait_for(failing, "the pull to fail")
    image = row(report, "images", container="app")
    assert (image["state"], image["tag"]) == ("failed", "1.0")
    found = finding(report, "IMG001")
    # Why, in words of people: not only that.
    assert "host name" in found["title"] or "cannot be resolved" in found["title"], found
    assert report["verdict"]["severity"] == "critical"
    assert NOBODY in report["verdict"]["summary"]


def test_pull_secrets_that_exist_are_missing_or_of_the_wrong_type(bench: Bench) -> None:
    def failing() -> Any:
        report = bench.report("wrong-secrets")
        return report if "IMG001" in codes(report) else None

    report = bench.wait_for(failing, "the pull to fail")
    assert row(report, "images", container="app")["pullSecrets"] == [
        "registry: ok",
        "gone: missing",
        "not-a-login: wrongType (Opaque)",
    ]
    assert "gone" in finding(report, "IMG005")["title"]
    assert "not-a-login" in finding(report, "IMG006")["title"]
    # Where the image is on the node nothing hurts yet.
    spare = finding(bench.report("spare"), "IMG005")
    assert spare["severity"] == "info"


@pytest.mark.parametrize(
    ("name", "reason", "code"),
    [
        ("may-not-pull", "ErrImageNeverPull", "IMG002"),
        ("bad-name", "InvalidImageName", "IMG003"),
    ],
)
def test_an_image_that_is_not_even_asked_for(
    bench: Bench, name: str, reason: str, code: str
) -> None:
    bench.wait_for_pod(name, waiting("app", reason), reason)
    report = bench.report(name)
    assert finding(report, code)["blocking"]
    assert len([one for one in report["findings"] if one["blocking"]]) == 1
    assert report["verdict"]["codes"][0] == code


def test_a_name_without_a_tag_is_pulled_always(bench: Bench) -> None:
    image = row(bench.report("defaulted"), "images", container="app")
    assert (image["tag"], image["pullPolicy"], image["pullPolicyBasis"]) == (
        "latest",
        "Always",
        "matchesDefault",
    )


def test_the_pods_of_one_owner_are_compared(bench: Bench) -> None:
    bench.apply(deployment("twins", pod("twins", shell()), replicas=2))

    def ready() -> list[Manifest]:
        pods = bench.kubectl("get", "pods", "-l", "app=twins", "-o", "json").json["items"]
        return pods if len(pods) == 2 and all(map(is_ready, pods)) else []

    pods = bench.wait_for(ready, "both pods of deploy/twins")
    report = bench.report(pods[0]["metadata"]["name"])
    assert row(report, "images", container="app")["digest"].startswith("sha256:")
    # Both run the same bytes: that one tag means two images is told by a unit test.
    assert "IMG007" not in codes(report)
