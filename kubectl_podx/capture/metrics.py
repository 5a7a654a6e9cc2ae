"""The kubelet's `/metrics/probes`: Prometheus text -> the counters of one pod. Pure."""

from __future__ import annotations

import re
from typing import Literal, cast

from kubectl_podx.model.capture import ProbeCounter

# pkg/kubelet/prober/prober_manager.go: prober_probe_total{probe_type,result,container,pod,
# namespace,pod_uid}; label order is the client library's business, so it is not relied on.
_LABEL = re.compile(rb'(\w+)="((?:[^"\\]|\\.)*)"')
_NAME = b"prober_probe_total{"
_TYPES = ("Liveness", "Readiness", "Startup")
_RESULTS = ("successful", "failed", "unknown")
_LONGEST_LINE = 4096


def probe_counters(exposition: bytes, pod_uid: str) -> list[ProbeCounter]:
    """The counters of the pod with this uid, in the order of the text; strangers are left out.

    A line that is not as the kubelet writes it is passed over. A counter is a float in the text
    (`1.2e+06`); it is cut to a whole number.
    """
    wanted = f'pod_uid="{pod_uid}"'.encode()
    totals: dict[tuple[str, str], dict[str, int]] = {}
    for line in exposition.split(b"\n"):
        if not line.startswith(_NAME) or wanted not in line or len(line) > _LONGEST_LINE:
            continue
        labels_part, brace, value_part = line[len(_NAME) :].rpartition(b"}")
        labels = {key.decode(): value for key, value in _LABEL.findall(labels_part)}
        count = _count(value_part)
        kind, result = _word(labels, "probe_type"), _word(labels, "result")
        if not brace or count is None or labels.get("pod_uid") != pod_uid.encode():
            continue
        if kind in _TYPES and result in _RESULTS:
            totals.setdefault((_word(labels, "container"), kind), {})[result] = count
    return [
        ProbeCounter(
            container=container,
            type=cast('Literal["Liveness", "Readiness", "Startup"]', kind),
            successful=counts.get("successful", 0),
            failed=counts.get("failed", 0),
            unknown=counts.get("unknown", 0),
        )
        for (container, kind), counts in totals.items()
    ]


def _word(labels: dict[str, bytes], name: str) -> str:
    return labels.get(name, b"").decode("utf-8", "replace")


def _count(text: bytes) -> int | None:
    fields = text.split()
    if not fields or not re.fullmatch(rb"\d{1,18}(?:\.\d+)?(?:e[+-]?\d{1,2})?", fields[0]):
        return None
    return int(float(fields[0]))
