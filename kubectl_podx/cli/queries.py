"""Worked queries: what `explain --queries` lists. A test runs every one of them."""

from __future__ import annotations

from typing import NamedTuple


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
        "findings[?severity==`critical`].remedy",
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
        "Which Services reach a port where nobody listens?",
        "network.services[?ports[?listening==`false`]].name",
        "text",
    ),
)
