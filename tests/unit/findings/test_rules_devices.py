"""Devices, room on a node, slow pulls and volumes, and Services that miss by a label."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import Json, condition, container, event, pod, status, stored, waiting
from kit.reason_cases import endpoints, service
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.plan import LookOptions, follow_ups, pod_calls
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.model.parts import Finding
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.devices import device_claims

CLAIM = "ResourceClaim/shop/gpu"


def claim(allocated: tuple[str, ...] = (), users: tuple[str, ...] = ()) -> Json:
    results = [{"driver": "d", "pool": "p", "device": one} for one in allocated]
    exactly = {"deviceClassName": "fast"}
    first = [{"deviceClassName": "fast"}, {"deviceClassName": "slow"}]
    return {
        "kind": "ResourceClaim",
        "metadata": {"namespace": "shop", "name": "gpu"},
        "spec": {"devices": {"requests": [{"exactly": exactly}, {"firstAvailable": first}]}},
        "status": {
            **({"allocation": {"devices": {"results": results}}} if allocated else {}),
            "reservedFor": [{"resource": "pods", "name": one} for one in users],
        },
    }


def asks(message: str = "", *containers: Json, **spec: Any) -> Json:
    """A pod with a claim, pending where the scheduler has said something."""
    told = condition("PodScheduled", "False", reason="Unschedulable", message=message)
    state = {"phase": "Pending", "conditions": [told] if message else []}
    claims = [{"name": "g", "resourceClaimName": "gpu"}]
    more = {"resourceClaims": claims, **spec}
    return pod(*(containers or (container(),)), status={**state, **more.pop("status", {})}, **more)


def findings(body: Json, *objects: StoredObject, **captured: Any) -> dict[str, Finding]:
    capture = kit.view(body, *objects, **captured).capture
    return {one.code: one for one in analyse(capture).items[0].findings or ()}


UNALLOCATED = "0/1 nodes are available: 1 cannot allocate all claims. preemption: {}"
NO_HELP = UNALLOCATED.format("0/1 nodes are available: 1 Preemption is not helpful for scheduling.")


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([stored(claim())], "ResourceClaim gpu has no devices yet (device class fast, slow)"),
        (
            [stored(claim()), kit.absent("DeviceClass//slow")],
            "ResourceClaim gpu asks for device class slow, which does not exist",
        ),
        ([kit.absent(CLAIM)], "ResourceClaim gpu does not exist"),
        (
            [stored(claim(("a",), ("web-1", "web-0")))],
            "ResourceClaim gpu is in use by pod web-1 (device class fast, slow)",
        ),
    ],
)
def test_why_a_claim_has_no_devices(objects: list[StoredObject], words: str) -> None:
    body = asks(NO_HELP)
    found = findings(body, *objects)["SCH001"]
    assert found.title.endswith(f"1 cannot allocate all claims; {words}")
    assert "preemption would not help" in found.evidence[-1]


def test_a_claim_that_may_not_be_read_or_that_an_older_server_has_not_is_unknown() -> None:
    view = kit.view(asks(), kit.absent(CLAIM, "denied"))
    assert [one.state for one in device_claims(view)] == ["unknown"]
    view = kit.view(asks(), kit.absent(CLAIM), server_version="v1.30.14")
    assert [one.state for one in device_claims(view)] == ["unknown"]


def test_devices_that_are_not_prepared() -> None:
    creating = container(status=status(waiting("ContainerCreating")))
    said = event("FailedPrepareDynamicResources", "driver d is not registered")
    body = asks("", creating, nodeName="n1")
    found = findings(body, stored(claim(("a",))), events=[said])["SCH007"]
    assert found.title.endswith("node n1 cannot prepare ResourceClaim gpu")
    assert found.evidence[-1] == "allocated: d/p/a"
    assert found.blocking


def test_a_template_that_does_not_exist() -> None:
    claims = [{"name": "g", "resourceClaimTemplateName": "gpus"}]
    said = event("FailedResourceClaimCreation", 'ResourceClaimTemplate "gpus" not found')
    found = findings(asks("", resourceClaims=claims), events=[said])["SCH008"]
    assert "a claim from ResourceClaimTemplate gpus" in found.title
    assert found.next.startswith("kubectl get resourceclaimtemplates")


@pytest.mark.parametrize(("health", "severity"), [("Unhealthy", "warning"), ("Unknown", "info")])
def test_a_device_that_is_not_well(health: str, severity: str) -> None:
    told = [{"name": "claim:g", "resources": [{"resourceID": "d/p/a", "health": health}]}]
    state = status(kit.running(), ready=True, allocatedResourcesStatus=told)
    found = findings(pod(container(status=state), nodeName="n1"))["CON016"]
    assert (found.severity, "device d/p/a of app" in found.title) == (severity, True)
    told[0]["resources"][0]["health"] = "Healthy"  # type: ignore[index]
    assert "CON016" not in findings(pod(container(status=state), nodeName="n1"))


def victim(name: str, reason: str = "PreemptionByScheduler") -> Json:
    told = condition("DisruptionTarget", reason=reason)
    made = pod(name=name, status={"phase": "Running", "conditions": [told]})
    made["metadata"]["deletionTimestamp"] = "2026-11-25T12:00:30Z"
    return made


def test_who_has_to_end_first() -> None:
    body = asks(
        "0/1 nodes are available: 1 Insufficient cpu. preemption: found a potential placement",
        status={"nominatedNodeName": "n1"},
    )
    others = [victim("old"), victim("drained", "EvictionByEvictionAPI")]
    found = findings(body, lists={"Pod/on/n1": others})
    assert found["SCH001"].severity == "warning"
    assert found["SCH001"].title.endswith("; shop/old must end first")
    assert "shop/old has until 2026-11-25T12:00:30Z" in found["SCH006"].evidence
    gone = findings(body, lists={"Pod/on/n1": []})
    assert gone["SCH001"].severity == "critical"
    assert gone["SCH006"].evidence[-1] == "no pod there is being preempted any more"
    assert len(findings(body)["SCH006"].evidence) == 2


def test_what_is_asked_for_devices_and_room() -> None:
    body = asks(NO_HELP, status={"nominatedNodeName": "n1"})
    targets = [one.target for one in pod_calls(Reference("Pod", "shop", "p"), body, LookOptions())]
    assert {CLAIM, "Pod/on/n1"} <= set(targets)
    led_to = follow_ups(Reference("ResourceClaim", "shop", "gpu"), claim(), LookOptions())
    assert [one.target for one in led_to] == ["DeviceClass//fast", "DeviceClass//slow"]
    assert follow_ups(Reference("ResourceClaim", "shop", "gpu"), claim(("a",)), LookOptions()) == []


@pytest.mark.parametrize(
    ("ago", "severity"), [("11:59:30", None), ("11:58:00", "info"), ("11:40:00", "warning")]
)
def test_a_pull_that_takes_long(ago: str, severity: str | None) -> None:
    creating = container(status=status(waiting("ContainerCreating")), image="shop/app:1")
    moment = f"2026-11-25T{ago}Z"
    said = event("Pulling", 'Pulling image "shop/app:1"', first=moment, container="app")
    body = pod(creating, nodeName="n1", status={"phase": "Pending"})
    found = findings(body, events=[said], captured_at="2026-11-25T12:00:00Z").get("IMG008")
    assert (found.severity if found else None) == severity
    if found:
        assert found.title.startswith("the pull of image shop/app:1 of app has been running for ")


def test_what_volumes_wait_for() -> None:
    creating = container(status=status(waiting("ContainerCreating")))
    body = pod(creating, nodeName="n1", status={"phase": "Pending"})
    slow = event("VolumePermissionChangeInProgress", "processed 20000 files")
    conflict = event("SELinuxLabelConflict", "SELinux label conflicts with pod other")
    refused = event("FailedMount", "conflicting SELinux labels of volume data: a and b")
    found = findings(body, events=[slow, conflict, refused])
    assert found["VOL010"].blocking
    assert "fsGroupChangePolicy" in found["VOL010"].fix or found["VOL010"].remedy
    assert found["VOL009"].severity == "warning"
    assert found["VOL008"].title.endswith(
        "another pod of the node has it with another SELinux label"
    )


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ({"app": "postgress", "tier": "db"}, True),
        ({"app": "Postgres"}, True),
        ({"tier": "db", "app": "mysql"}, False),
        ({"tier": "db", "version": "v2"}, False),
        ({"app": "postgres", "tier": "db"}, False),
    ],
)
def test_a_service_that_misses_the_pod_by_a_slip_of_the_pen(
    selector: dict[str, str], told: bool
) -> None:
    labels = {"app": "postgres", "tier": "db", "version": "v1"}
    state = status(kit.running(), ready=True)
    body = pod(container(status=state), nodeName="n1")
    body["metadata"]["labels"] = labels
    lists = {"Service/shop": [service("db", 5432, selector=selector)], "EndpointSlice/shop": []}
    found = findings(body, lists=lists)
    assert ("NET010" in found) == told
    if told:
        assert "misses this pod by one label" in found["NET010"].title
        assert "kubectl patch service/db" in found["NET010"].fix
    served = {**lists, "EndpointSlice/shop": [endpoints("db", True)]}
    assert "NET010" not in findings(body, lists=served)
