"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import ConnectionState, EndpointState


class HangingConnection(Wire, frozen=True, kw_only=True):
    state: Annotated[
        ConnectionState,
        Meta(
            description="The state of the TCP socket. In SYN_SENT the peer does not answer; in CLOSE_WAIT the peer has closed and the program has not."
        ),
    ]
    container: Annotated[
        str,
        Meta(
            description="The container in which the exec ran; the network namespace is the pod's."
        ),
    ]
    remote: Annotated[str, Meta(description="The peer's address and port.")]
    local: Annotated[str, Meta(description="The own address and port.")]
    count: Annotated[int, Meta(description="How many connections are alike.")] = 1


class ServicePort(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The port's name.")] = ""
    port: Annotated[int, Meta(description="The Service's port.")]
    target_port: Annotated[str, Meta(description="As written: a number or a name.")]
    resolved: Annotated[
        int | None, Meta(description="The container port it means in this pod.")
    ] = None
    listening: Annotated[
        bool | None, Meta(description="Somebody listens there on an address that can be reached.")
    ] = None


class ServiceRow(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The Service's name.")]
    type: Annotated[str, Meta(description="As the API has it, such as `ClusterIP`.")] = ""
    ports: Annotated[list[ServicePort], Meta(description="Its ports, resolved for this pod.")] = []
    endpoint: Annotated[
        EndpointState, Meta(description="What the EndpointSlices say of the pod.")
    ] = "unknown"
    serving: Annotated[
        bool | None,
        Meta(description="The EndpointSlice says that the endpoint serves, terminating or not."),
    ] = None


class ReadinessGate(Wire, frozen=True, kw_only=True):
    condition: Annotated[str, Meta(description="The condition that the gate waits for.")]
    status: Annotated[
        str,
        Meta(
            description="The status of the condition, such as `True`; `notSet` if no controller has set it."
        ),
    ]


class Network(Wire, frozen=True, kw_only=True):
    connections: Annotated[
        list[HangingConnection],
        Meta(description="Connections that do not come to life or to an end."),
    ] = []
    services: Annotated[
        list[ServiceRow], Meta(description="Services whose selector matches the pod's labels.")
    ] = []
    egress_policies: Annotated[
        list[str],
        Meta(
            description="Network policies, `KIND/NAME`, that select the pod and limit its egress: of Kubernetes, and of Calico and Cilium (`CalicoNetworkPolicy`) where the cluster has them. Read where the pod is not ready."
        ),
    ] = []
    readiness_gates: Annotated[
        list[ReadinessGate],
        Meta(description="Conditions besides the containers' that Ready waits for."),
    ] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_INSIDE}: /proc/net",
    "services": "the Services of the namespace whose selector matches the pod's labels",
    "services.ports.listening": f"{FROM_INSIDE}: /proc/net",
    "services.endpoint": "the EndpointSlices of the Service",
    "services.serving": "the EndpointSlices of the Service",
    "readinessGates": f"{FROM_SPEC}: readinessGates; status: conditions",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
