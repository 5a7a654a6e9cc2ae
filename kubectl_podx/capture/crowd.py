"""What is on the nodes already: of each pod the few fields that take room from another one, and of
each node the images that are wanted.

Ten thousand pods are decoded page by page, and what is kept of each is a small mapping. There is no
free text in it, so there is nothing to seal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.pod.image_name import normalized

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

_ALL_IMAGES = 50
"""As many images a kubelet reports of its node (nodeStatusMaxImages): of more, some."""


class _Camel(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """A part of a pod; unknown fields are skipped."""


class _Port(_Camel):
    host_port: int | None = None
    protocol: str | None = None


class _Resources(_Camel):
    requests: dict[str, str | int | float] | None = None
    limits: dict[str, str | int | float] | None = None


class _Container(_Camel):
    name: str = ""
    image: str | None = None
    restart_policy: str | None = None
    resources: _Resources | None = None
    ports: list[_Port] | None = None


class _Claim(_Camel):
    claim_name: str = ""


class _Volume(_Camel):
    name: str = ""
    persistent_volume_claim: _Claim | None = None


class _Expression(_Camel):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class _Selector(_Camel):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Expression] | None = None


class _Term(_Camel):
    topology_key: str = ""
    label_selector: _Selector | None = None
    namespace_selector: _Selector | None = None
    namespaces: list[str] | None = None


class _Terms(_Camel, rename={"required": "requiredDuringSchedulingIgnoredDuringExecution"}):
    required: list[_Term] | None = None


class _Affinity(_Camel):
    pod_anti_affinity: _Terms | None = None


class _Spec(_Camel):
    node_name: str | None = None
    priority: int | None = None
    overhead: dict[str, str | int | float] | None = None
    resources: _Resources | None = None
    affinity: _Affinity | None = None
    init_containers: list[_Container] | None = None
    containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None


class _Waiting(_Camel):
    reason: str | None = None


class _State(_Camel):
    waiting: _Waiting | None = None


class _Status(_Camel):
    name: str = ""
    image: str | None = None
    state: _State | None = None


class _PodStatus(_Camel):
    phase: str | None = None
    container_statuses: list[_Status] | None = None
    init_container_statuses: list[_Status] | None = None


class _Meta(_Camel):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    deletion_timestamp: str | None = None


class _Pod(_Camel):
    metadata: _Meta
    spec: _Spec
    status: _PodStatus | None = None


class _Pods(msgspec.Struct):
    items: list[_Pod] | None = None


class _Image(msgspec.Struct):
    names: list[str] | None = None


class _NodeStatus(msgspec.Struct):
    images: list[_Image] | None = None


class _NodeMeta(msgspec.Struct):
    name: str = ""


class _Node(msgspec.Struct):
    metadata: _NodeMeta | None = None
    status: _NodeStatus | None = None


class _Nodes(msgspec.Struct):
    items: list[_Node] | None = None


_PODS = Decoder(_Pods)
_NODES = Decoder(_Nodes)
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def crowd_of(server: ApiServer, call: PlannedCall) -> list[dict[str, Any]]:
    """The pods of this list, each with no more than what others have to know of it.

    Raises ClusterError where a page cannot be read.
    """
    from kubectl_podx.capture.scan import pages  # noqa: PLC0415 - late: it is slow
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415
    from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

    resource = call.reference.resource
    path = api_path(resource.prefix, resource.plural, call.reference.namespace or None)
    found: dict[str, dict[str, Any]] = {}
    for page in pages(server, path, call.query):
        try:
            decoded = _PODS.decode(page.taken()).items or []
        except _BROKEN:
            raise ClusterError("failed", "the server answered with something else") from None
        # A list that starts over brings pods again.
        found |= {pod.metadata.uid: msgspec.to_builtins(pod) for pod in decoded}
    return list(found.values())


def images_of_nodes(pages: Iterable[bytes], pods: Iterable[Json]) -> list[dict[str, Any]]:
    """Of each node, which of the pods' images it has, and whether it tells of all that it has."""
    wanted = {
        normalized(image)
        for pod in pods
        for field in ("initContainers", "containers")
        for container in items(pod, "spec", field)
        if (image := text(container, "image"))
    }
    rows = []
    for page in pages:
        try:
            nodes = _NODES.decode(page).items or []
        except _BROKEN:
            continue
        for node in nodes:
            images = (node.status.images if node.status else None) or []
            has = {normalized(name) for image in images for name in image.names or ()}
            rows.append(
                {
                    "node": node.metadata.name if node.metadata else "",
                    "images": sorted(wanted & has),
                    "all": 0 < len(images) < _ALL_IMAGES,
                }
            )
    return rows
