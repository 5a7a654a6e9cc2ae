"""`kubectl podx explain`: codes of findings, fields of the report, worked queries."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kubectl_podx import DOCS
from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import connection_options
from kubectl_podx.model.errors import ExitStatus, PodxError, UsageError
from kubectl_podx.model.nearest import near
from kubectl_podx.model.patterns import lazy
from kubectl_podx.view.escape import quoted

if TYPE_CHECKING:
    from kubectl_podx.generated.explain import FieldDoc

WORDS = frozenset({"podpreset", "podpresets"})


STORY = f"""\
KIND:       PodPreset
VERSION:    settings.k8s.io/v1alpha1 (until Kubernetes 1.19)
            redhatcop.redhat.io/v1alpha1 (a webhook's own kind, with the same spec)

WHAT BECAME OF IT:
    An alpha API of Kubernetes 1.6 that never became beta. It was off unless an administrator
    enabled it, and it was removed in 1.20. 'kubectl apply' of such a file ends with
    'no matches for kind "PodPreset" in version "settings.k8s.io/v1alpha1"'. The file is
    correct, but no current server knows the kind.

WHAT IT DID:
    When a pod was created, every PodPreset of its namespace whose selector matched the pod's labels
    added its env, envFrom, volumes and volumeMounts to all containers and init containers. If
    one entry conflicted with the pod, nothing was applied: the pod was created as written, without
    an annotation or event. Existing pods never changed.

WHAT TO DO:
    See what it does to a pod:
        kubectl podx preset preview --preset preset.yaml -f pod.yaml
    Get the admission policy that does the same today (Kubernetes 1.36 and newer):
        kubectl podx preset convert --preset preset.yaml -n NAMESPACE
    See what it left on a running pod, by its annotations:
        kubectl podx injected POD
    Or write the entries into the pod template, which needs nothing in the cluster.

MORE:
    {DOCS}/PODPRESET.md
    has every rule of merging and conflict.
"""


NOTE = (
    "Note: settings.k8s.io/v1alpha1 was removed in Kubernetes 1.20; 'kubectl podx preset convert' "
    "prints an admission policy that does the same. See 'kubectl podx explain PodPreset'."
)
"""For standard error, where a file holds the kind that is gone."""


class Query(NamedTuple):
    """A question, the JMESPath expression that answers it, and the format it reads best in."""

    question: str
    expression: str
    output: str = "json"


QUERIES: tuple[Query, ...] = (
    Query("What is the matter, in one line?", "verdict.summary", "text"),
    Query(
        "Which containers ran out of memory?",
        "restarts[?cause==`oomKilled`].container",
        "text",
    ),
    Query(
        "Why did each container end last, and how sure is that?",
        "restarts[?cause].{container: container, cause: cause, confidence: confidence}",
        "table",
    ),
    Query("Which restarts are proven?", "restarts[?confidence==`proven`].summary", "text"),
    Query(
        "When does each crashing container start again, and after which delay?",
        "restarts[?backoff.next]"
        ".{container: container, next: backoff.next, delay: duration(backoff.delay)}",
        "table",
    ),
    Query(
        "Which files are older than their ConfigMap or Secret?",
        "files[?state==`stale` || state==`frozen` || state==`stuck`]"
        ".{container: container, path: path, state: state}",
        "table",
    ),
    Query("Which variables need a restart?", "environment[?state==`frozen`].name", "text"),
    Query(
        "Which variables come from Secrets?",
        "environment[?source.kind==`Secret`].[container, name, source.name]",
        "table",
    ),
    Query(
        "Which probes are failing, and how often did they?",
        "probes[?state==`failing`].{container: container, type: type, failed: counters.failed}",
        "table",
    ),
    Query("Who shares the PID namespace?", "namespaces.pid.groups[].containers", "json"),
    Query("What is PID 1?", "namespaces.pidOne", "text"),
    Query(
        "Who listens, and where?",
        "namespaces.listeners[].[address, port, container, executable]",
        "table",
    ),
    Query(
        "Which main processes do not handle SIGTERM?",
        "namespaces.processes[?main && handlesTerm==`false`].[container, executable]",
        "table",
    ),
    Query("Which volumes do two containers share?", "volumes[?shared].name", "text"),
    Query(
        "Where is each volume mounted?",
        "volumes[].{volume: name, type: type, paths: mounts[].path}",
        "yaml",
    ),
    Query(
        "When do service account tokens expire?",
        "serviceAccountTokens[].[container, expiresAt, state]",
        "table",
    ),
    Query(
        "What should be done about critical findings?",
        "findings[?severity==`critical`].[remedy, fix, next][]",
        "text",
    ),
    Query("Which findings keep the pod from being ready?", "findings[?blocking].code", "text"),
    Query("Which rights are missing?", "unique(coverage[?needs].needs)", "text"),
    Query(
        "How much memory does each container use?",
        "containers[].{name: name, used: size(resources.memory.observedUsage), "
        "limit: resources.memory.limit}",
        "table",
    ),
    Query(
        "What changed in the last hour?",
        "changes[?time && age(time) < `3600`].{what: what, by: by, time: time}",
        "table",
    ),
    Query(
        "Which Services reach a port where nothing listens?",
        "network.services[?ports[?listening==`false`]].name",
        "text",
    ),
)


_HELP = """
Explain the code of a finding, or a field of the report.

A field is named by its path from the report's root, such as 'restarts.cause', or by its own
name alone. No cluster is asked.
"""


_EXAMPLES = """
# What does this finding mean, how is it known, what is to be done?
kubectl podx explain PRB004

# What is in this field, and in which unit?
kubectl podx explain probes.secondsToAction

# What became of the kind PodPreset
kubectl podx explain PodPreset

# All findings; worked queries for --query
kubectl podx explain --codes
kubectl podx explain --queries
"""


_CODE = lazy(r"[A-Za-z]{2,5}\d{3}")


_UNITS = {"s": "seconds", "B": "bytes", "date-time": "RFC 3339, UTC"}


_WIDTH = 96


def command(name: str) -> click.Command:
    """The command `explain`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(CODE | FIELD | --codes | --queries | --schema KIND) [flags] [options]",
    )
    @click.argument("word", required=False, metavar="CODE|FIELD")
    @option("--codes", is_flag=True, help="List every finding's code, one line each.")
    @option("--queries", is_flag=True, help="List worked queries for --query.")
    @option(
        "--schema",
        metavar="KIND",
        help="Print the JSON Schema of documents of this kind, such as PodReport; 'all' is that "
        "of every kind.",
    )
    @connection_options
    @click.pass_obj
    def explain(
        env: Any,
        /,
        word: str | None,
        schema: str | None,
        *,
        codes: bool,
        queries: bool,
        **_values: Any,
    ) -> int:
        if [bool(word), codes, queries, schema is not None].count(True) != 1:
            raise UsageError(
                "explain takes one of: a CODE, a FIELD, --codes, --queries, --schema KIND"
            )
        if schema is not None:
            env.write(_schema(schema))
        elif codes:
            env.write(_codes())
        elif queries:
            env.write(_queries())
        elif word is not None and word.lower() in WORDS:
            env.write(STORY)
        elif word is not None and _CODE.fullmatch(word):
            env.write(_code(word))
        else:
            env.write(_field(word or ""))
        return ExitStatus.OK

    return explain


def _schema(kind: str) -> str:
    import json

    from kubectl_podx.generated import explain

    by_name = {each.lower(): each for each in explain.kinds()}
    if kind.lower() == "all":
        found = explain.whole_schema()
    elif kind.lower() in by_name:
        found = explain.schema_of(by_name[kind.lower()])
    else:
        known = ", ".join(explain.kinds())
        raise UsageError(f'no document is a "{quoted(kind)}"; there are: {known}, all')
    return json.dumps(found, indent=1) + "\n"


def _codes() -> str:
    from kubectl_podx.generated.explain import codes
    from kubectl_podx.view.layout import aligned

    rows = [[each.code, each.severity, each.section, each.title] for each in codes().values()]
    return "\n".join(aligned(["CODE", "SEVERITY", "SECTION", "MEANING"], rows)) + "\n"


def _queries() -> str:

    parts = [
        f"# {query.question}\n"
        f"kubectl podx describe POD --query {shlex.quote(query.expression)} -o {query.output}\n"
        for query in QUERIES
    ]
    return "\n".join(parts)


def _code(word: str) -> str:
    from kubectl_podx.generated.explain import codes

    found = codes().get(word.upper())
    if found is None:
        meant = near(word.upper(), list(codes()))
        hint = f"; did you mean {' or '.join(meant)}?" if meant else ""
        raise PodxError(f'no finding has the code "{quoted(word.upper())}"{hint}')
    parts = [
        f"CODE:      {found.code}\nSEVERITY:  {found.severity}\nSECTION:   {found.section}",
        _paragraph("MEANING", f"{found.title}. {found.meaning}".replace("..", ".")),
        _paragraph("HOW IT IS KNOWN", found.known_by),
        _paragraph("WHAT TO DO", found.remedy),
    ]
    if found.rivals:
        rows = [f"{history}. Told apart by: {apart}." for history, apart in found.rivals]
        parts.append("WHAT ELSE LEAVES THIS EVIDENCE:\n" + "\n".join(_item(row) for row in rows))
    if found.link:
        parts.append(f"MORE:\n    {found.link}")
    return "\n\n".join(parts) + "\n"


def _field(word: str) -> str:
    from kubectl_podx.generated import explain

    found = explain.field(word)
    if found is not None:
        return _explained(found)
    named = explain.find(word)
    if not named:
        every = list(explain.paths())
        known = dict.fromkeys([*every, *(path.rpartition(".")[2] for path in every)])
        meant = near(word, known) or near(word.upper(), list(explain.codes()))
        hint = f"; did you mean {' or '.join(meant)}?" if meant else ""
        raise PodxError(f'field "{quoted(word)}" does not exist{hint}')
    docs = [doc for path in named if (doc := explain.field(path)) is not None]
    return "\n".join(_explained(doc) for doc in docs)


def _explained(found: FieldDoc) -> str:
    from kubectl_podx.generated import explain

    lines = [f"KIND:       {found.kind}", "VERSION:    podx/v1", ""]
    if found.path:
        lines += [f"FIELD: {found.path} <{found.type}>", ""]
    if found.unit:
        lines += [f"UNIT: {_UNITS.get(found.unit, found.unit)}", ""]
    if found.words:
        lines += ["ENUM:", *(f"    {word}" for word in found.words), ""]
    lines += [_paragraph("DESCRIPTION", found.description or "<none>"), ""]
    if found.source:
        lines += [_paragraph("SOURCE", found.source), ""]
    here = f"{found.kind}.{found.path}".rstrip(".")
    children = [doc for name in found.children if (doc := explain.field(f"{here}.{name}"))]
    if children:
        lines += ["FIELDS:", *_children(children)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _children(children: Sequence[FieldDoc]) -> list[str]:
    lines: list[str] = []
    for child in children:
        lines.append(f"  {child.path.rpartition('.')[2]}\t<{child.type}>")
        if child.description:
            lines.append(_filled(child.description))
    return lines


def _paragraph(head: str, text: str) -> str:
    return f"{head}:\n{_filled(text)}"


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="    - ", subsequent_indent=" " * 6)


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)
