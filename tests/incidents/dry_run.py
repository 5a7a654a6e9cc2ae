"""Whether the API server would accept what a report calls a fix: each is tried by a dry run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from e2e.support import Answer, Bench, Manifest
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.sections.report import PodReport, PodReportList

_ANNOTATION = {"metadata": {"annotations": {"podx.dev/dry-run": "changed"}}}


def refusals(bench: Bench, report: PodReport | PodReportList | WorkloadReport) -> list[str]:
    """What the server says against each fix that it would refuse."""
    findings = (report.findings or []) if not isinstance(report, PodReportList) else []
    commands = dict.fromkeys(each.fix for each in findings if each.fix)
    return [
        f"refused: {command}\n{answer.stderr}"
        for command in commands
        for answer in _tries(bench, command)
        if answer.status
    ]


def _tries(bench: Bench, command: str) -> Iterator[Answer]:
    words = shlex.split(command)
    assert words[0] == "kubectl", command
    if "replace" in words:
        # kubectl get pod NAME -o yaml -n NAMESPACE … kubectl replace --force …
        yield from _replaced(bench, words[3])
    elif words[1] == "edit":
        yield _changed(bench, words[2])
    elif words[1:3] in (["rollout", "restart"], ["rollout", "resume"]):
        # It has no dry run of its own; this is what it does.
        yield _changed(bench, words[3])
    else:
        yield bench.kubectl(*words[1:], "--dry-run=server", check=False)


def _replaced(bench: Bench, name: str) -> Iterator[Answer]:
    """`kubectl replace --force` deletes and creates; a dry run of it would find the old one."""
    yield bench.kubectl("delete", "pod", name, "--dry-run=server", check=False)
    body = bench.get("pod", name)
    if body is not None:
        metadata = {"name": f"{name[:240]}-again", "namespace": bench.namespace}
        kept = {
            key: body["metadata"][key]
            for key in ("labels", "annotations")
            if key in body["metadata"]
        }
        again: Manifest = {**body, "metadata": {**metadata, **kept}}
        text = json.dumps(again)
        yield bench.kubectl("create", "-f", "-", "--dry-run=server", input=text, check=False)


def _changed(bench: Bench, target: str) -> Answer:
    """Another template, as an editor would leave it."""
    change: Manifest = {"spec": {"template": _ANNOTATION}}
    if target.partition("/")[0] == "cronjob":
        change = {"spec": {"jobTemplate": {"spec": change["spec"]}}}
    return bench.kubectl("patch", target, "-p", json.dumps(change), "--dry-run=server", check=False)
