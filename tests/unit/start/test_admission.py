"""What a server dry run said: refusals taken apart, and what is no refusal of the pod."""

from __future__ import annotations

from typing import Any

import pytest

from kit import view
from kubectl_podx.capture.start import said
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.model.tried import Admission
from kubectl_podx.start.facts import build
from kubectl_podx.start.fields import field_of_message, steps
from kubectl_podx.start.report import PodStart
from kubectl_podx.start.room import room_of

_QUOTA = 'pods "web" is forbidden: exceeded quota: few, requested: {0}, used: {1}, limited: {2}'


def made(admission: Admission, uid: str = "u", **spec: Any) -> PodStart:
    body = {
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop", "uid": uid},
        "spec": {"containers": [{"name": "app", "image": "x"}], **spec},
    }
    node = {"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "10", "cpu": "4"}}}
    seen = view(body, lists={"Node/": [node], "Pod/": []}, admission=admission)
    return build(seen, room_of(seen.capture))


def refused(message: str, **more: Any) -> PodStart:
    return made(Admission(state="refused", basis="template", message=message), **more)


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (_QUOTA.format("pods=1", "pods=1", "pods=0"), "quota", "ResourceQuota few has no room"),
        (
            'pods "w" is forbidden: violates PodSecurity "baseline:latest": hostPID (pod must not)',
            "podSecurity",
            "Pod Security level baseline:latest refuses the pod: hostPID",
        ),
        (
            'pods "w" is forbidden: maximum memory usage per Container is 32Mi, but limit is 64Mi',
            "limitRange",
            "a LimitRange refuses the pod: maximum memory usage",
        ),
        ('admission webhook "w.x" denied the request: no', "webhook", "webhook w.x denies the pod"),
        (
            'Internal error occurred: failed calling webhook "w.x": no endpoints available',
            "webhook",
            "webhook w.x cannot be called",
        ),
        (
            "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
            "policy",
            "ValidatingAdmissionPolicy p denies the pod",
        ),
        ('namespaces "shop" not found', "namespace", 'namespace "shop" does not exist'),
        (
            'Pod "w" is invalid: spec.containers[0].image: Required value',
            "invalid",
            "the API server calls the pod invalid: spec.containers[0].image",
        ),
        ("something new", "refused", "the API server refuses the pod: something new"),
    ],
)
def test_a_refusal_has_a_kind_and_a_title(message: str, kind: str, words: str) -> None:
    start = refused(message)
    assert start.state == "wouldNotStart"
    assert (start.problems[0].kind, start.problems[0].severity) == (kind, "critical")
    assert start.problems[0].title.startswith(words)


def test_a_quota_counts_the_pod_that_goes() -> None:
    full = _QUOTA.format("pods=1", "pods=2", "pods=2")
    assert refused(full).state == "wouldStart"
    assert refused(_QUOTA.format("pods=1", "pods=3", "pods=2")).state == "wouldNotStart"
    # Nothing goes where there is no such pod.
    assert refused(full, uid="").state == "wouldNotStart"


def test_a_quota_of_cpu_counts_what_the_pod_requests() -> None:
    spec = {"containers": [{"name": "app", "image": "x", "resources": {"requests": {"cpu": "1"}}}]}
    fits = _QUOTA.format("requests.cpu=1", "requests.cpu=4", "requests.cpu=4")
    assert refused(fits, **spec).state == "wouldStart"
    more = _QUOTA.format("requests.cpu=2", "requests.cpu=4", "requests.cpu=4")
    assert refused(more, **spec).state == "wouldNotStart"
    # What podx does not count itself, it does not judge.
    other = _QUOTA.format("services=1", "services=4", "services=4")
    assert refused(other, **spec).state == "wouldNotStart"


@pytest.mark.parametrize("state", ["denied", "unsupported", "failed", "notAsked"])
def test_an_answer_that_did_not_come_is_no_refusal(state: Any) -> None:
    start = made(Admission(state=state, basis="template", message="m", needs="create pods"))
    assert (start.state, start.problems) == ("unknown", [])
    (row,) = start.coverage
    assert row.reason.startswith("admission (server dry run): ")
    assert row.needs == ("create pods" if state == "denied" else "")


@pytest.mark.parametrize(
    ("kind", "reason", "message", "state"),
    [
        (
            "denied",
            "Forbidden",
            'pods is forbidden: User "me" cannot create resource "pods" in API group ""',
            "denied",
        ),
        ("denied", "Forbidden", 'pods "web-" is forbidden: exceeded quota: few', "refused"),
        ("failed", "AlreadyExists", 'pods "web" already exists', "accepted"),
        (
            "failed",
            "BadRequest",
            'admission webhook "w.x" does not support dry run',
            "unsupported",
        ),
        ("failed", "Invalid", 'Pod "web" is invalid: spec', "refused"),
        ("failed", "Conflict", "Operation cannot be fulfilled on resourcequotas", "failed"),
        ("failed", "InternalError", 'failed calling webhook "w.x": EOF', "refused"),
        ("notFound", "NotFound", 'namespaces "x" not found', "refused"),
    ],
)
def test_what_an_error_of_the_server_means(
    kind: Any, reason: str, message: str, state: str
) -> None:
    error = ClusterError(
        kind, f"Error from server ({reason}): {message}", reason=reason, said=message
    )
    assert said(error, "create pods").state == state


def test_the_field_that_a_message_speaks_of() -> None:
    message = 'Deployment.apps "w" is invalid: spec.template.spec.containers[0].image: Required'
    assert field_of_message(message) == "spec.template.spec.containers[0].image"
    assert field_of_message("no field at all: myspec.x") == ""
    assert steps("spec.containers[2].env[0].name") == ["spec", "containers", 2, "env", 0, "name"]
