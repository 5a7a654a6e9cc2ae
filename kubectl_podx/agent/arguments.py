"""What the tools take, as types whose JSON Schema a client sees. Nothing else can be asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kubectl_podx.agent.answers import Answer
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.wire import Wire
from kubectl_podx.sections.table import KEYS

Tokens = Annotated[
    int,
    Meta(ge=500, le=25_000, description="Budget: what is left out is said and can be asked for."),
]
Namespace = Annotated[
    str, Meta(max_length=63, description="Empty for that of the server's kubeconfig context.")
]
Target = Annotated[
    str,
    Meta(
        max_length=400,
        description="POD, or KIND/NAME of pod, deploy, sts, ds, rs, job, cronjob or svc.",
    ),
]
Selector = Annotated[str, Meta(max_length=1000, description="Label selector, as kubectl has it.")]
AllNamespaces = Annotated[bool, Meta(description="The whole cluster.")]
CaptureName = Annotated[
    str,
    Meta(
        max_length=20, description="`capture` of an answer: asks about that moment, without a look."
    ),
]
Bundle = Annotated[
    str, Meta(max_length=160, description="File name of a bundle in the server's folder.")
]


class Arguments(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every tool takes."""

    max_tokens: Tokens = 4000


class OfPods(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pods: live, of a capture, or of a bundle."""

    target: Target = ""
    selector: Selector = ""
    namespace: Namespace = ""
    capture: CaptureName = ""
    bundle: Bundle = ""
    no_exec: Annotated[
        bool, Meta(description="Ask the API only: run nothing inside containers.")
    ] = False


class DescribeArguments(OfPods, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `describe` takes."""


Section = Annotated[str, Meta(description=f"One of: {', '.join(KEYS)}.")]


class SectionArguments(OfPods, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `section` takes."""

    section: Section
    offset: Annotated[int, Meta(ge=0, le=100_000, description="Rows to skip.")] = 0


class CompareArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `compare` takes."""

    targets: Annotated[
        list[Target],
        Meta(min_length=0, max_length=20, description="Pods, or one workload; as of `describe`."),
    ] = []
    namespace: Namespace = ""
    bundle: Annotated[
        str, Meta(max_length=160, description="Bundle to compare with: an earlier state.")
    ] = ""
    no_exec: bool = False


class TriageArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `triage` takes."""

    namespace: Namespace = ""
    all_namespaces: AllNamespaces = False
    selector: Selector = ""
    by: Annotated[Literal["owner", "cause", "node"], Meta(description="What a row is.")] = "owner"
    limit: Annotated[int, Meta(ge=1, le=200, description="Rows at most, the worst first.")] = 20
    bundle: Bundle = ""


class DriftArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `drift` takes."""

    target: Annotated[
        str,
        Meta(
            max_length=400,
            description="POD, KIND/NAME of a workload, secret/NAME or configmap/NAME. Empty for "
            "all pods of the namespace.",
        ),
    ] = ""
    selector: Selector = ""
    namespace: Namespace = ""
    all_namespaces: AllNamespaces = False
    exec: Annotated[
        int,
        Meta(
            ge=0,
            le=20,
            description="Compare the values inside of so many doubtful pods, by an exec in each.",
        ),
    ] = 0


class RehearseArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `rehearse` takes."""

    target: Annotated[
        str,
        Meta(
            max_length=400,
            description="POD, or KIND/NAME of a workload. Empty for all pods of the namespace.",
        ),
    ] = ""
    selector: Selector = ""
    field_selector: Annotated[
        str, Meta(max_length=400, description="Such as spec.nodeName=NAME: the pods of a node.")
    ] = ""
    namespace: Namespace = ""
    all_namespaces: AllNamespaces = False
    no_dry_run: Annotated[
        bool,
        Meta(
            description="Do not ask the API server to try to create the pods: quota, LimitRange, "
            "Pod Security and admission are then not checked."
        ),
    ] = False


class ExplainArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `explain` takes."""

    word: Annotated[
        str,
        Meta(max_length=200, description="Code of a finding (RST001), or field (restarts.cause)."),
    ]


class CaptureArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `capture` takes."""

    target: Target = ""
    selector: Selector = ""
    namespace: Namespace = ""
    no_exec: bool = False


class DoctorArguments(Arguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `doctor` takes."""

    target: Target = ""
    namespace: Namespace = ""


def input_schema(takes: type[Arguments]) -> dict[str, Any]:
    """The JSON Schema of what the tool takes, in one piece."""
    return _inlined(takes)


def output_schema() -> dict[str, Any]:
    """The JSON Schema of every answer; that of `untrusted.data` is a resource of its own.

    Every tool carries it, and a model reads it with each: only its four parts are described.
    """
    found = _inlined(Answer)
    found["$defs"] = _without("description", found["$defs"])
    return found


def _inlined(kind: type[Any]) -> dict[str, Any]:
    schema = msgspec.json.schema(kind, ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = schema.pop("$defs")
    own: dict[str, Any] = definitions.pop(kind.__name__)
    found = {**own, "$defs": definitions} if definitions else own
    # A client sends every schema to its model: the names of our types are of no use there.
    untitled: dict[str, Any] = _without("title", found)
    return untitled


def _without(word: str, node: Any) -> Any:
    """The schema without this keyword, whose value is a text; a property may be called so."""
    if isinstance(node, dict):
        return {
            key: _without(word, inner)
            for key, inner in node.items()
            if key != word or not isinstance(inner, str)
        }
    if isinstance(node, list):
        return [_without(word, inner) for inner in node]
    return node


def arguments_of(takes: type[Arguments], given: dict[str, Any] | None) -> Any:
    """The arguments as a type; UsageError where they are none, which quotes no value of them."""
    given = given or {}
    known = {field.encode_name: field for field in msgspec.structs.fields(takes)}
    wrong = [name for name in known if name in given and not _fits(given[name], known[name].type)]
    wrong += [name for name, field in known.items() if field.required and name not in given]
    if wrong:
        raise UsageError(f"missing or invalid: {', '.join(wrong)}; see the tool's input schema")
    if not known.keys() >= given.keys():
        raise UsageError(f"unknown argument; this tool takes: {', '.join(known)}")
    return msgspec.convert(given, takes)


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
