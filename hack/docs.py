"""Writes the pages and the schema that are made of the code: `make docs`.

A test runs `pages()` and compares, so that none of them can rot.
"""

import contextlib
import inspect
import io
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import man
import msgspec

from kubectl_podx import URL, __version__
from kubectl_podx.analysis.catalogue import every_rule
from kubectl_podx.analysis.reports import DOCUMENTS
from kubectl_podx.capture import rehearse as rights
from kubectl_podx.capture import roles as least
from kubectl_podx.capture.plan import (
    LookOptions,
    any_workload,
    follow_ups,
    get_pod,
    get_version,
    names_elsewhere,
    pod_calls,
    triage_calls,
)
from kubectl_podx.capture.plan_debug import debug_call
from kubectl_podx.capture.plan_drift import any_drift
from kubectl_podx.capture.plan_start import any_start
from kubectl_podx.capture.probe_runs import probe_calls
from kubectl_podx.capture.summary import whole_summary
from kubectl_podx.cli.command import load
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.explain import QUERIES
from kubectl_podx.cli.funnel import main as podx
from kubectl_podx.cli.words import COMMANDS, FORMATS
from kubectl_podx.generated import explain
from kubectl_podx.model.reference import Reference
from kubectl_podx.podpreset.preset import APPLIED
from kubectl_podx.render import reports as doctor
from kubectl_podx.sections import folders
from kubectl_podx.sections.report import ORIGINS
from kubectl_podx.sections.table import SECTIONS

ROOT = Path(__file__).resolve().parents[1]
_MADE = "<!-- made by `make docs`; edit the code instead -->\n\n"
_STATES = (
    ("denied", "the source may not be read", "`get secrets` is missing"),
    ("orphaned", "the source is gone, the old bytes remain", "the Secret was deleted"),
    ("unreadable", "the observed side could not be read", "mode 0400 and another uid"),
    ("missing", "declared and in the source, not in the container", "a key added under a subPath"),
    ("extra", "in the container, not declared", "PATH, which the image sets"),
    ("shadowed", "declared and overridden", "`env` names a variable that envFrom gives too"),
    ("unresolved", "`$(VAR)` left as it is", "VAR is defined further down"),
    ("current", "equal", "nothing changed since"),
    ("changedByProgram", "env: injected is current, the process's own differs", "setproctitle"),
    ("frozen", "differs, only a restart brings it", "a ConfigMap changed, the variable did not"),
    ("stuck", "differs, and the refresh fails or is overdue", "one source of the volume is gone"),
    ("stale", "differs, refresh not yet due", "the ConfigMap changed ten seconds ago"),
    ("unknown", "cannot be told", "nobody could look inside"),
)


_SUMMARY = "explain why a pod misbehaves, from inside its containers"


def pages() -> dict[str, str]:
    """Path below the repository -> content."""
    return {
        "docs/REPORT.md": _report(),
        "docs/FINDINGS.md": _findings(),
        "docs/CLI.md": _cli(),
        "docs/kubectl-podx.1": man.page(_cli(), __version__, _SUMMARY, URL),
        "docs/QUERIES.md": _queries(),
        "docs/REQUESTS.md": _requests(),
        "docs/RBAC.md": _rbac(),
        "kubectl_podx/generated/schema.json": _schema(),
        "kubectl_podx/generated/findings.json": _codes(),
        "kubectl_podx/generated/origins.json": _origins(),
        "README.md": _readme(),
        "kubectl_podx/cli/kubectl_complete-podx": _completion(),
    }


def _report() -> str:
    lines = [
        "# The report\n",
        _MADE + "`kubectl podx describe POD -o json` prints a `PodReport`, a workload such as "
        "deploy/NAME a `WorkloadReport`, every other target a `PodReportList`; both hold the "
        "reports on pods in `items`. Keys are camelCase, times RFC 3339 in UTC, durations in "
        "seconds, sizes in bytes. A section that was not asked for is null. "
        "`kubectl podx explain FIELD` prints what stands here, and "
        "`kubectl podx explain --schema KIND` "
        "the JSON Schema of a document of that kind; `kubectl_podx/generated/schema.json` holds "
        "all of them.\n",
        "## States of a file, a variable, a downward API value\n",
        "Decided in this order; the first that holds is the state.\n",
        "| state | holds where | for example |\n|---|---|---|",
        *(f"| `{state}` | {where} | {example} |" for state, where, example in _STATES),
    ]
    top = ""
    for path in explain.paths():
        found = explain.field(path)
        if found is None:
            continue
        if "." not in path:
            top = path
            lines += [f"\n## {top}\n", f"{found.description} From: {found.source}.\n"]
            if found.children:
                lines.append("| field | type | unit | meaning | from |\n|---|---|---|---|---|")
            continue
        words = f" One of {', '.join(f'`{word}`' for word in found.words)}." if found.words else ""
        name = path.removeprefix(f"{top}.")
        meaning = _cell(found.description + words)
        row = (f"`{name}`", _cell(found.type), found.unit, meaning, _cell(found.source))
        lines.append(f"| {' | '.join(row)} |")
    for kind in explain.kinds()[1:]:
        lines += _other_document(kind)
    return "\n".join(lines) + "\n"


def _other_document(kind: str) -> Iterator[str]:
    """Its own fields; what it has in common with a PodReport stands there."""
    whole = explain.field(kind)
    yield f"\n## {kind}\n"
    yield f"{whole.description if whole else ''}\n"
    yield "| field | type | unit | meaning |\n|---|---|---|---|"
    for path in explain.paths(kind):
        found = explain.field(f"{kind}.{path}")
        if found is None or path.startswith(("items.", "metadata.")):
            continue
        words = f" One of {', '.join(f'`{word}`' for word in found.words)}." if found.words else ""
        cells = (f"`{path}`", _cell(found.type), found.unit, _cell(found.description + words))
        yield f"| {' | '.join(cells)} |"


def _findings() -> str:
    lines = [
        "# Findings\n",
        _MADE + "A code is never reused. `kubectl podx explain CODE` prints what stands here.\n",
        "| code | severity | section | what it says |\n|---|---|---|---|",
        *(
            f"| [{r.code}](#{r.code.lower()}) | {r.severity} | {r.section} | {_cell(r.title)} |"
            for r in every_rule()
        ),
    ]
    for rule in every_rule():
        lines += [
            f"\n## {rule.code}\n",
            f"**{rule.title}** ({rule.severity}, section `{rule.section}`)\n",
            f"{_sentence(rule.meaning)}\n",
            f"- How it is known: {_sentence(rule.known_by)}",
            f"- What to do: {_sentence(rule.remedy)}",
            f"- More: <{rule.link}>",
        ]
        if rule.rivals:
            lines.append(
                "\n| what else leaves this evidence | what would tell it apart |\n|---|---|"
            )
            lines += [f"| {_cell(r.history)} | {_cell(r.apart)} |" for r in rule.rivals]
    return "\n".join(lines) + "\n"


def _cli() -> str:
    lines = [
        "# Commands\n",
        _MADE + "Every command takes kubectl's connection flags: "
        "`kubectl podx options` lists them.\n",
    ]
    sections = [name for name, entry in COMMANDS.items() if entry.module == "sections"]
    for name in ("", *COMMANDS):
        if name == sections[0]:
            lines += _section_commands(sections)
        elif name not in sections:
            lines += [f"## kubectl podx{' ' if name else ''}{name}\n", *_help_of(name)]
    return "\n".join(lines)


def _help_of(name: str) -> list[str]:
    return ["```", _run([*name.split(), "--help"]), "```\n"]


_SECTION_COMMANDS = (
    "One section of the report, as a table. All of these commands take the flags of `{shown}`, "
    "which are listed below.\n"
)


def _section_commands(names: list[str]) -> list[str]:
    """Their help differs in a line or two: it stands here once, with what only one of them has."""
    shown = "probes"
    common = set(_blocks(shown))
    lines = [
        "## kubectl podx SECTION\n",
        _SECTION_COMMANDS.format(shown=shown),
        "| command | shows |\n|---|---|",
        *(f"| `kubectl podx {name}` | {COMMANDS[name].summary} |" for name in names),
        "",
        *_help_of(shown),
    ]
    for name in names:
        own = [block for block in _blocks(name) if block not in common and block[:1] == " "]
        flags = [block for block in own if block.lstrip().startswith("--")]
        if flags:
            lines += [f"`kubectl podx {name}` also takes:\n", "```", "\n\n".join(flags), "```\n"]
    return lines


def _blocks(name: str) -> list[str]:
    return _run([name, "--help"]).split("\n\n")


def _queries() -> str:
    lines = [
        "# Worked queries\n",
        _MADE + "`--query` is JMESPath on exactly what `-o json` prints. A test runs each of "
        "these.\n",
    ]
    for query in QUERIES:
        command = f"kubectl podx describe POD --query '{query.expression}' -o {query.output}"
        lines += [f"{query.question}\n", "```", command, "```\n"]
    return "\n".join(lines)


def _requests() -> str:
    """The plan of a pod that has one of everything."""
    reference = Reference("Pod", "shop", "web-0")
    lines = [
        "# What a report asks of the cluster\n",
        _MADE + "All requests for a pod that has one of everything, as the plan of the code has "
        "them. Each object is read once, all side by side; each running container gets one exec; "
        "the pod is read again once every look has begun. An owner's owner, the revisions of a "
        "Deployment and the volume of a claim are asked for as soon as their names are known; the "
        "nodes, and all pods for a host port, only for a pod that no node takes; the class, events "
        "and volumes of a claim only while it has none, the pods of the namespace only for one "
        "that a single pod may use; NetworkPolicies only for a pod that runs and is not ready; the "
        "PodPresets only where an annotation of "
        "the pod tells of one, or where nothing but `injected` is asked for. Of ten pods or more "
        "of one namespace all events of pods are read by one list, and of ten nodes or more these "
        "nodes where they may be listed. If a name that was given is not there, the names of "
        "workloads, Services and pods of its namespace are listed, to offer one like it. Nothing "
        "is written, but for the debug container that `--debug-image` adds, after a yes, to a pod "
        "in which an exec finds no shell. The whole summary of a kubelet is read only for a pod "
        "that nobody could look into. No list of Secrets with what they hold is ever "
        "asked for.\n",
        "| request | right | for |\n|---|---|---|",
    ]
    calls = [get_pod(reference), get_version(), *pod_calls(reference, _sample_pod(), LookOptions())]
    for kind, name, body in _LEAD_ON:
        calls += follow_ups(Reference(kind, "shop", name), body, LookOptions())
    known = {call.id for call in calls}
    port = {"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}
    pending = {
        "spec": {"nodeSelector": {"disktype": "ssd"}, "containers": [port]},
        "status": {"conditions": [{"type": "PodScheduled", "reason": "Unschedulable"}]},
    }
    marked = {"metadata": {"annotations": {f"{APPLIED}NAME": "1"}}}
    for rare in (pending, marked):
        calls += [one for one in pod_calls(reference, rare, LookOptions()) if one.id not in known]
        known |= {call.id for call in calls}
    calls.append(debug_call(reference, "app"))
    # Where the pull secret is not found.
    calls.append(names_elsewhere("Secret", "registry", ("images",)))
    calls += filter(None, [whole_summary({"spec": {"nodeName": "NODE"}})])
    for call in calls:
        right = str(call.right) or "none"
        optional = (
            f" (optional: {_why_optional(call.right.verbs[0])})" if call.optional_right else ""
        )
        lines.append(f"| `{_cell(call.id)}` | {right}{optional} | {', '.join(call.sections)} |")
    lines += [
        "\n## A workload: describe deploy/NAME and the like\n",
        (
            "Beside its pods podx asks about the workload itself: its revisions, events and "
            "guards. Quotas, LimitRanges, the namespace and the service account are read only if "
            "pods are missing, the events of a ReplicaSet or Job only if it lacks pods or has "
            "failed, and the webhooks only if an event says that one cannot be called.\n"
        ),
        "| request | right |\n|---|---|",
        *(f"| `{_cell(call.id)}` | {call.right} |" for call in any_workload("shop")),
    ]
    lines += [
        "\n## kubectl podx triage\n",
        (
            "It lists pods page by page, 500 at a time, and the nodes where a pod is sick; a shard "
            "of a Job lists the namespaces first. Then it asks the above about one pod of each "
            "owner and symptom, at most `--deep` of them, with an exec for at most `--exec`.\n"
        ),
        "| request | right |\n|---|---|",
        *(f"| `{_cell(call.id)}` | {call.right} |" for call in triage_calls()),
        "\n## kubectl podx drift\n",
        (
            "It lists pods page by page, and of ConfigMaps and Secrets the metadata alone "
            "(`PartialObjectMetadata`): the names of their keys and who wrote them when, never a "
            "value. A Secret is read by name only if a running pod mounts a certificate of it. "
            "`drift secret/NAME` reads the metadata of that one. With `--exec` it asks what a "
            "report asks, of so many pods.\n"
        ),
        "| request | right |\n|---|---|",
        *(f"| `{_cell(call.id)}` | {call.right} |" for call in any_drift("shop")),
        "\n## kubectl podx rehearse and preflight\n",
        (
            "They list the nodes and what is on them, read the owner of each pod and every object "
            "that the new pod names, and ask for a dry run of its creation: a POST with "
            "`dryRun=All`, which goes through admission and is not stored. `--no-dry-run` leaves "
            "it out.\n"
        ),
        "| request | right |\n|---|---|",
        *(f"| `{_cell(call.id)}` | {call.right} |" for call in any_start("shop")),
    ]
    return "\n".join(lines) + "\n"


def _rbac() -> str:
    """The rights that a report asks for, and what `doctor --rbac` prints."""
    calls = rights.any_pod("shop")
    printed = doctor.rbac(
        least.roles(calls, "shop", "podx-reader"), least.apart("podx-reader", "shop"), "shop"
    )
    lines = [
        "# Rights\n",
        _MADE + "`kubectl podx doctor` says which of these you hold, `doctor POD` what the report "
        "on that pod will lack, `doctor --rbac` prints the Roles below. Whatever is missing costs "
        "its rows only: the section says `denied` and names the right, never `missing`. Only "
        "`get pods` is needed for there to be a report at all.\n",
        "| right | for |\n|---|---|",
    ]
    for need in rights.needs(calls):
        group = f".{need.right.group}" if need.right.group else ""
        optional = f", optional: {_why_optional(need.verb)}" if need.optional else ""
        where = " (in namespace default)" if need.right.namespace == "default" else ""
        right = f"`{need.verb} {need.right.resource}{group}`{where}{optional}"
        lines.append(f"| {right} | {', '.join(need.sections)} |")
    note = (
        "\nAn exec over a WebSocket is a GET, so `get pods/exec` is asked for by every server; "
        "servers from 1.35 on ask for `create pods/exec` beside it. `--as` and `--as-group` are "
        "honoured by reads and by execs alike.\n"
    )
    lines += [
        note,
        "## What is asked for only by name\n",
        "| with | right |\n|---|---|",
        *(f"| {words} | {', '.join(found)} |" for words, found in _rights_by_name()),
        "\n`--watch` needs `list pods` and `watch pods`.\n",
        "## kubectl podx doctor --rbac -n shop\n",
        f"```yaml\n{printed}```",
    ]
    return "\n".join(lines) + "\n"


def _rights_by_name() -> Iterator[tuple[str, list[str]]]:
    """Flags and commands that ask for more than a report, and the rights that this takes."""
    known = {need.key for need in rights.needs(rights.any_pod("shop"))}
    probes = {
        "exec": {"command": ["true"]},
        "httpGet": {"port": 80},
        "tcpSocket": {"port": 80},
        "grpc": {"port": 80},
    }
    for kind, action in probes.items():
        container = {"name": "app", "livenessProbe": {kind: action}}
        status = {"name": "app", "state": {"running": {}}}
        pod = {"spec": {"containers": [container]}, "status": {"containerStatuses": [status]}}
        calls = probe_calls(Reference("Pod", "shop", "web-0"), pod, LookOptions(probe_runs=1))
        yield f"`--run-probes`, a probe of {kind}", _spoken(rights.needs(calls))
    calls = rights.any_pod("shop", LookOptions(frozenset({"injections"})))
    more = [need for need in rights.needs(calls) if need.key not in known]
    yield "`kubectl podx injected`", _spoken(more)


def _why_optional(verb: str) -> str:
    known = {
        "patch": "for `--debug-image`, the one write",
        "list": "of names alone, only if the pull secret is not there",
    }
    return known.get(verb, "it amounts to root on the node")


def _spoken(needs: Iterable[rights.Need]) -> list[str]:
    names = (
        f"`{need.verb} {need.right.resource}{'.' * bool(need.right.group)}{need.right.group}`"
        for need in needs
    )
    return list(dict.fromkeys(names))


# What the sample pod leads to.
_LEAD_ON: tuple[tuple[str, str, dict[str, object]], ...] = (
    (
        "ReplicaSet",
        "web-5f",
        {
            "metadata": {"ownerReferences": [{"kind": "Deployment", "name": "web"}]},
            "spec": {"selector": {"matchLabels": {"app": "web", "pod-template-hash": "5f"}}},
        },
    ),
    (
        "PersistentVolumeClaim",
        "data",
        {
            "metadata": {"uid": "UID"},
            "spec": {
                "volumeName": "pv-1",
                "storageClassName": "fast",
                "accessModes": ["ReadWriteOncePod"],
            },
            "status": {"phase": "Pending"},
        },
    ),
)


def _sample_pod() -> dict[str, object]:
    ended = {"terminated": {"exitCode": 137, "containerID": "containerd://a"}}
    return {
        "metadata": {
            "uid": "UID",
            "labels": {"app": "web", "pod-template-hash": "5f"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5f", "controller": True}],
        },
        "spec": {
            "nodeName": "NODE",
            "serviceAccountName": "web",
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [
                {
                    "name": "app",
                    "resources": {"limits": {"memory": "64Mi", "cpu": "1"}},
                    "envFrom": [{"configMapRef": {"name": "settings"}}],
                    "livenessProbe": {"exec": {"command": ["true"]}},
                }
            ],
            "volumes": [
                {"name": "s", "secret": {"secretName": "login"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
            ],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [
                {
                    "name": "app",
                    "state": {"running": {}},
                    "ready": False,
                    "restartCount": 1,
                    "lastState": ended,
                }
            ],
        },
    }


def _schema() -> str:
    documents, components = msgspec.json.schema_components(DOCUMENTS, ref_template="#/$defs/{name}")
    # From 3.13 on Python takes the indentation out of docstrings itself.
    for one in components.values():
        if "description" in one:
            one["description"] = inspect.cleandoc(one["description"])
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": explain.schema_id("report"),
        "title": "The report of kubectl podx",
        "anyOf": list(documents),
        "$defs": components,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _readme() -> str:
    text = (ROOT / "README.md").read_text()
    sample = f"```\n$ kubectl podx demo\n{_run(['demo'])}\n```"
    begin, end = re.search(r"<!-- sample.*?-->", text), text.index("<!-- /sample -->")
    if begin is None:
        raise SystemExit("README.md has lost the marker of its sample")
    return f"{text[: begin.end()]}\n{sample}\n{text[end:]}"


def _completion() -> str:
    """The shell file that answers a TAB, with every word and flag in it."""
    template = (ROOT / "hack/completion.sh").read_text()
    sections = [f"{words.key}\t{words.summary}" for words in SECTIONS]
    codes = [f"{rule.code}\t{rule.title}" for rule in every_rule()]
    tables = {
        "COMMANDS": [f"{name}\t{entry.summary}" for name, entry in COMMANDS.items()],
        "FLAGS": list(_flags()),
        "VALUED": [_valued()],
        "SECTIONS": sections,
        "VALUES": list(_values()),
        "EXPLAINED": [*codes, *explain.paths(), "PodPreset\tWhat became of the kind"],
        "RECORDINGS": sorted(
            path.stem for path in (ROOT / "kubectl_podx/recordings").glob("*.podx")
        ),
    }
    for name, lines in tables.items():
        template = template.replace(f"@{name}@", "\n".join(lines))
    return template


def _options() -> Iterator[tuple[str, click.Option]]:
    """Every option of every command."""
    for name in COMMANDS:
        command = load(name)
        for option in command.params if command else ():
            if isinstance(option, click.Option) and not option.hidden:
                yield name, option


def _valued() -> str:
    """The flags whose next word is a value, as a pattern of the shell's `case`."""
    found = {flag for _, option in _options() if not option.is_flag for flag in option.opts}
    lines = textwrap.wrap(" | ".join(sorted(found)), 88, break_on_hyphens=False)
    return " \\\n      ".join(lines)


def _flags() -> Iterator[str]:
    """`COMMANDS FLAG meaning`, with tabs; flags that all commands take stand under `*`."""
    yield "*\t--help\tShow help"
    listed: dict[str, list[str]] = {}
    for name, option in _options():
        meaning = (option.help or "").partition(". ")[0].removesuffix(".")
        for flag in option.opts:
            listed.setdefault(f"{flag}\t{meaning}", []).append(name)
    yield from _by_commands(listed)


def _values() -> Iterator[str]:
    """`COMMANDS FLAGS value`, with tabs: what a flag of these commands takes."""
    listed: dict[str, list[str]] = {}
    for name, option in _options():
        choices: Iterable[object] = ()
        if isinstance(option.type, click.Choice):
            choices = option.type.choices
        elif "--output" in option.opts:
            choices = FORMATS
        for choice in choices:
            listed.setdefault(f"{' '.join(option.opts)}\t{choice}", []).append(name)
    yield from _by_commands(listed)


def _by_commands(listed: dict[str, list[str]]) -> Iterator[str]:
    for line, commands in listed.items():
        several = list(dict.fromkeys(commands))
        yield f"{'*' if len(several) == len(COMMANDS) else ' '.join(several)}\t{line}"


def _run(arguments: list[str]) -> str:
    """What `kubectl podx` prints on a terminal without colours."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = podx(arguments, Environment(stdout=out, stderr=sys.stderr, variables={}, home=""))
    if status != 0:
        raise SystemExit(f"kubectl podx {' '.join(arguments)} ended with {status}")
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().split("\n"))


def _sentence(text: str) -> str:
    """With a capital letter, unless a field's name stands first, and a full stop."""
    first = text.split(maxsplit=1)[0].rstrip(",;:")
    capital = text[0].upper() + text[1:] if re.fullmatch(r"[a-z]+('s)?", first) else text
    return capital if capital.endswith(".") else f"{capital}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def changed(made: dict[str, str]) -> list[str]:
    """The pages that are not as the code has them."""
    return [
        path
        for path, content in made.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text() != content
    ]


def _origins() -> str:
    return json.dumps(ORIGINS | folders.origins(), indent=1) + "\n"


def _codes() -> str:
    """What `explain CODE` reads."""
    rows = [{name: getattr(r, name) for name in explain.CodeDoc._fields} for r in every_rule()]
    for row in rows:
        row |= {name: _sentence(row[name]) for name in ("meaning", "known_by", "remedy")}
        row["rivals"] = [list(msgspec.structs.astuple(rival)) for rival in row["rivals"]]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    # Twice: `explain`, which some pages quote, reads files that are written here.
    for _ in range(2):
        current = pages()
        for stale in changed(current):
            (ROOT / stale).write_text(current[stale])
            print(f"wrote {stale}")
        explain.forget()
