"""The Services of the pod's namespace, and what a host name means among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.view import PodView, per_view

_SERVICE_NAME = "kubernetes.io/service-name"


class Service(Struct, frozen=True):
    """One Service of the pod's namespace."""

    name: str
    cluster_ip: str
    """Empty for a headless one."""
    headless: bool
    external: bool
    """Of type ExternalName: another name."""
    misses: tuple[str, ...]
    """Keys of its selector that the pod's labels do not match."""
    selector: Mapping[str, object]
    publishes_unready: bool
    ports: tuple[int, ...]
    ready: int | None
    """Endpoints that are ready; None where the EndpointSlices were not read."""
    endpoints: int | None
    """All of them."""

    @property
    def selects(self) -> bool:
        """Whether it has a selector."""
        return bool(self.selector)

    @property
    def selects_pod(self) -> bool:
        """Whether its selector matches the pod's labels."""
        return self.selects and not self.misses


@per_view
def services(view: PodView) -> dict[str, Service] | None:
    """Name -> Service; None where they were not read."""
    listed = _list(view, "Service")
    if listed is None:
        return None
    slices = _list(view, "EndpointSlice")
    labels = mapping(view.pod, "metadata", "labels")
    found = (_service(body, slices, labels) for body in listed)
    return {service.name: service for service in found}


def by_address(view: PodView, address: str) -> Service | None:
    """The Service with that clusterIP."""
    found = services(view) or {}
    return next((one for one in found.values() if address and one.cluster_ip == address), None)


def _list(view: PodView, kind: str) -> list[dict[str, object]] | None:
    stored = view.capture.lists.get(f"{kind}/{view.reference.namespace}")
    return stored.items if stored is not None and stored.state == "present" else None


def _service(body: Json, slices: list[dict[str, object]] | None, labels: Json) -> Service:
    name, address = text(body, "metadata", "name"), text(body, "spec", "clusterIP")
    selector = mapping(body, "spec", "selector")
    misses = tuple(key for key, value in selector.items() if labels.get(key) != value)
    mine = [
        endpoint
        for one in slices or ()
        if text(one, "metadata", "labels", _SERVICE_NAME) == name
        for endpoint in items(one, "endpoints")
    ]
    ready = [one for one in mine if dig(one, "conditions", "ready") is not False]
    ports = (number(port, "port") for port in items(body, "spec", "ports"))
    return Service(
        name=name,
        cluster_ip="" if address == "None" else address,
        headless=address == "None",
        external=text(body, "spec", "type") == "ExternalName",
        misses=misses,
        selector=selector,
        publishes_unready=dig(body, "spec", "publishNotReadyAddresses") is True,
        ports=tuple(port for port in ports if port is not None),
        ready=None if slices is None else len(ready),
        endpoints=None if slices is None else len(mine),
    )


class Miss(Struct, frozen=True):
    """A Service that leads nowhere, and would lead to the pod but for one label."""

    service: Service
    key: str
    wanted: str
    has: str
    """The pod's value; empty: it has no such label."""


def near_misses(view: PodView) -> list[Miss]:
    """Services without any endpoint whose selector misses the pod by a slip of the pen.

    Any other value may be meant: of a version, a colour, a part of the program that is not running.
    """
    labels = mapping(view.pod, "metadata", "labels")
    found = []
    for one in (services(view) or {}).values():
        if len(one.misses) != 1 or one.endpoints != 0:
            continue
        key = one.misses[0]
        wanted, has = str(one.selector[key]), str(labels.get(key, ""))
        lost = not has and len(one.selector) > 1 and bool(similar(key, labels))
        if lost or (has and _slip(wanted, has)):
            found.append(Miss(one, key, wanted, has))
    return found


def _slip(one: str, other: str) -> bool:
    """Whether the words are the same but for their case, or a letter that is not at the end: what
    differs in the end, such as `web-1` and `web-2`, is meant.
    """
    if one.lower() == other.lower():
        return True
    digits = [char for char in one + other if char.isdigit()]
    return not digits and bool(similar(one, [other])) and one[-1:] == other[-1:]


class Named(Struct, frozen=True):
    """What a host name means in this namespace."""

    service: str
    """The Service that it names."""
    pod: str = ""
    """The pod behind a headless Service, where the name begins with one."""


def named(view: PodView, host: str) -> Named | None:
    """The Service of the pod's own namespace that a name means; None: of elsewhere, or unknown."""
    labels = host.rstrip(".").split(".")
    own = view.reference.namespace
    if len(labels) == 1:
        return Named(labels[0])
    if "svc" in labels[2:3] and labels[1] == own:
        return Named(labels[0])
    if "svc" in labels[3:4] and labels[2] == own:
        return Named(labels[1], labels[0])
    known = services(view) or {}
    if len(labels) == 2 and labels[1] == own:
        return Named(labels[0])
    if len(labels) == 2 and labels[1] in known:
        return Named(labels[1], labels[0])
    if len(labels) == 3 and labels[2] == own:
        return Named(labels[1], labels[0])
    return None


def within_cluster(host: str) -> bool:
    """Whether a name can only be one of the cluster: a single word, or below `svc`."""
    labels = host.rstrip(".").split(".")
    return len(labels) == 1 or "svc" in labels[2:4]


def similar(name: str, among: Iterable[str]) -> list[str]:
    """Those that differ by a slip of the pen."""
    import difflib  # noqa: PLC0415 - only where a name was not found

    return difflib.get_close_matches(name, sorted(among), n=3, cutoff=0.75)


def aliases(view: PodView) -> set[str]:
    """The names of hostAliases."""
    found: set[str] = set()
    for alias in items(view.pod, "spec", "hostAliases"):
        names = dig(alias, "hostnames")
        found |= (
            {one for one in names if isinstance(one, str)} if isinstance(names, list) else set()
        )
    return found


def link_variables(view: PodView) -> dict[str, Service]:
    """`WEB_PORT` -> its Service: the variables that hold `tcp://ADDRESS:PORT`, where the pod has
    them (pkg/kubelet/envvars). A variable that is declared wins over them.
    """
    if dig(view.pod, "spec", "enableServiceLinks") is False:
        return {}
    return {
        f"{one.name.upper().replace('-', '_')}_PORT": one
        for one in (services(view) or {}).values()
        if one.cluster_ip
    }
