"""A probe's numbers: its timing with Kubernetes' defaults, and how long until it acts."""

from __future__ import annotations

from kubectl_podx.model.pod import Json, number
from kubectl_podx.model.report.health import Timing


def timing(probe: Json) -> Timing:
    """The probe's timing; what is not declared or zero is the default of pkg/apis/core/v1."""
    return Timing(
        initial_delay=number(probe, "initialDelaySeconds") or 0,
        period=number(probe, "periodSeconds") or 10,
        timeout=number(probe, "timeoutSeconds") or 1,
        failure_threshold=number(probe, "failureThreshold") or 3,
        success_threshold=number(probe, "successThreshold") or 1,
        termination_grace_period=number(probe, "terminationGracePeriodSeconds"),
    )


def seconds_to_action(times: Timing) -> float:
    """Seconds from the moment the container stops answering to the action, at most.

    The program may break just after a good attempt: then the first bad attempt comes one period
    later, the last of `failureThreshold` attempts `failureThreshold` periods later, and that one
    may take the whole timeout. Attempts do not wait for each other: the worker ticks every period
    (pkg/kubelet/prober/worker.go).
    """
    return times.period * times.failure_threshold + times.timeout


def earliest_kill(times: Timing) -> float:
    """The shortest run, in seconds, that this probe can end: every attempt fails from the first.

    initialDelay counts from the container's start (worker.go doProbe); grace is left out, because
    a process may end at once on the stop signal.
    """
    return times.initial_delay + times.period * (times.failure_threshold - 1)
