"""What a planned request is: the words that the plan and its parts are written in. Pure."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.reference import RESOURCES, Reference, Resource
from kubectl_podx.model.words import CallKind

MANY = 10
"""From so many pods of one namespace on, or so many nodes, they are read together."""


class Right(Struct, frozen=True):
    """What RBAC must grant for a call, as `kubectl auth can-i VERB RESOURCE` names it."""

    verbs: tuple[str, ...]
    resource: str
    """Plural, with its subresource after a slash: `pods/exec`."""
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        where = f"{self.resource}.{self.group}" if self.group else self.resource
        return " and ".join(f"{verb} {where}" for verb in self.verbs)


class PlannedCall(Struct, frozen=True):
    """One request of the plan."""

    kind: CallKind
    target: str
    """What is asked for: the key of an object, of a list in a capture, or the name of a node."""
    sections: tuple[str, ...]
    """The sections that lose rows when it fails; `all` where nothing can be told without it."""
    right: Right
    reference: Reference
    query: tuple[tuple[str, str], ...] = ()
    container: str = ""
    detail: str = ""
    """What tells calls of one target and container apart: `previous`, the type of a probe."""
    through: str = ""
    """Execs only: the neighbour that looks at `container` through the shared PID namespace, or the
    debug container that was added to look at it."""
    through_id: str = ""
    """Of a debug container of podx that looks: its id."""
    first_page: bool = False
    """Lists only: a sample is enough."""
    owner: str = ""
    """Lists only: the uid of the object whose own are kept; empty for all of them."""
    optional_right: bool = False
    """Not part of the least Role: `get nodes/proxy` amounts to root on the node."""

    @property
    def id(self) -> str:
        """What the call is known by, as `-v` prints it. Made of the other fields, and never read
        back.
        """
        through = f"through {self.through}" if self.through else ""
        words = (self.kind, self.target, self.container, self.detail, through)
        return " ".join(filter(None, words))


class DebugWish(Struct, frozen=True):
    """`--debug-image` and what goes with it."""

    image: str
    profile: str = "restricted"


class LookOptions(Struct, frozen=True):
    """What a look may do and what it is for."""

    sections: frozenset[str] = frozenset()
    """By the report's keys; empty for all of them."""
    container: str | None = None
    exec_allowed: bool = True
    logs: bool = True
    log_lines: int = 20
    every_log: bool = False
    """The logs of all containers, also of those that are well."""
    probe_runs: int = 0
    """How often each probe is run by hand (`--run-probes`)."""
    force_exec: bool = False
    """`--force-exec`: exec also where that may cost the container its life."""
    debug: DebugWish | None = None
    """`--debug-image`: what to add where nothing else sees the inside."""
    wait_start: bool = False
    """`--wait-start`: look when a container that does not run has started."""
    max_in_flight: int = 12
    """Requests and execs under way at once."""

    def wants(self, *sections: str) -> bool:
        """Whether any of these sections was asked for.

        Findings and the timeline are made of all the others.
        """
        made_of_all = not self.sections.isdisjoint(("findings", "timeline"))
        return not self.sections or made_of_all or not self.sections.isdisjoint(sections)


def right_to(verb: str, resource: Resource, namespace: str, name: str = "", sub: str = "") -> Right:
    """The right to do this with a kind, or with one object of it."""
    plural = f"{resource.plural}/{sub}" if sub else resource.plural
    return Right((verb,), plural, resource.group, namespace, name)


def get_object(
    reference: Reference, sections: tuple[str, ...], kind: CallKind = "get"
) -> PlannedCall:
    """One object by its name; `kind` is `type` where only a Secret's type is wanted."""
    right = right_to("get", reference.resource, reference.namespace, reference.name)
    return PlannedCall(kind, reference.key, sections, right, reference)


def list_all(kind: str, namespace: str, sections: tuple[str, ...]) -> PlannedCall:
    """All objects of a kind: of one namespace, or of the cluster."""
    right = right_to("list", RESOURCES[kind], namespace)
    where = Reference(kind, namespace, "")
    return PlannedCall("list", f"{kind}/{namespace}", sections, right, where)


def names_elsewhere(kind: str, name: str, sections: tuple[str, ...]) -> PlannedCall:
    """The namespaces that have an object of this name: names alone, nothing that it holds."""
    return PlannedCall(
        "names",
        f"{kind}//{name}",
        sections,
        right_to("list", RESOURCES[kind], ""),
        Reference(kind, "", name),
        (("fieldSelector", f"metadata.name={name}"), ("limit", "50")),
        # Whoever may list the Secrets of all namespaces may read them all.
        optional_right=True,
    )


def get_pod(reference: Reference) -> PlannedCall:
    """The pod itself: the one read that nothing can do without."""
    return get_object(reference, ("all",))


def get_version() -> PlannedCall:
    """The API server's version; needs no right."""
    return PlannedCall("version", "", ("metadata",), Right((), ""), Reference("", "", ""))


def get_groups(namespace: str, sections: tuple[str, ...]) -> PlannedCall:
    """The API groups that the server has; what they lead to is about that namespace."""
    target = f"{sections[0]}/{namespace}"
    return PlannedCall("apis", target, sections, Right((), ""), Reference("", namespace, ""))
