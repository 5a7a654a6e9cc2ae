"""What tests on the real cluster are written with: one bench for each test module.

Nothing here sleeps for a guessed time: `Bench.wait_for` polls a condition, and says what it
waited for, and what the namespace looked like, where it gives up.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Manifest = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.2
# Of one call of kubectl or podx: a hanging one must not hang the suite.
CALL_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What a program said. `status` is its exit status."""

    words: tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.stdout)

    def checked(self) -> Answer:
        """Itself, where the program succeeded; else the test fails with what it said."""
        assert self.status == 0, (
            f"`{' '.join(self.words)}` ended with exit status {self.status}\n"
            f"{self.stderr[:4000]}\n{self.stderr[4000:][-4000:]}\n{self.stdout[-2000:]}"
        )
        return self


@dataclass(frozen=True)
class Bench:
    """One namespace of the cluster, and the programs to work with in it."""

    kubectl_binary: str
    namespace: str

    def kubectl(
        self,
        *words: str,
        input: str | None = None,  # noqa: A002 - as subprocess.run has it
        check: bool = True,
    ) -> Answer:
        """Runs kubectl in the namespace (a `-n` among the words wins)."""
        answer = _run((self.kubectl_binary, f"--namespace={self.namespace}", *words), stdin=input)
        return answer.checked() if check else answer

    def podx(self, *words: str, check: bool = True, env: Mapping[str, str] | None = None) -> Answer:
        """Runs `kubectl podx` in the namespace, unless the words name another or every one."""
        chosen = {"-n", "--namespace", "-A", "--all-namespaces"}.intersection(words)
        where = () if chosen else ("-n", self.namespace)
        answer = _run((sys.executable, "-m", "kubectl_podx", *words, *where), env=env)
        return answer.checked() if check else answer

    def report(self, target: str, *words: str, env: Mapping[str, str] | None = None) -> Any:
        """What `kubectl podx describe TARGET -o json` prints, parsed; it is as the schema says."""
        # Only here: the recorders of hack/ use this bench, too, and validate nothing.
        from e2e.report_schema import check

        return check(self.podx("describe", target, "-o", "json", *words, env=env).json)

    def apply(self, manifest: Manifest | Sequence[Manifest] | str) -> None:
        """An object, several, or YAML text. What names no namespace goes into the bench's."""
        text = manifest if isinstance(manifest, str) else json.dumps(_one_document(manifest))
        self.kubectl("apply", "--filename=-", input=text)

    def get(self, *words: str) -> Manifest | None:
        """The object or list as it is now; None where it is not there."""
        answer = self.kubectl("get", *words, "--output=json", check=False)
        if "(NotFound)" in answer.stderr:
            return None
        document: Manifest = answer.checked().json
        return document

    def wait_for(self, condition: Callable[[], T], what: str, timeout: float = 60.0) -> T:
        """Polls until the condition gives something true, and returns that."""
        deadline = time.monotonic() + timeout
        while not (found := condition()):
            if time.monotonic() > deadline:
                message = f"gave up after {timeout:g} s, waiting for {what}\n{self._situation()}"
                raise AssertionError(message)
            time.sleep(POLL_SECONDS)
        return found

    def wait_for_pod(
        self, name: str, condition: Callable[[Manifest], Any], what: str, timeout: float = 60.0
    ) -> Manifest:
        """The pod, once the condition holds for it."""

        def met() -> Manifest | None:
            found = self.get("pod", name)
            return found if found is not None and condition(found) else None

        pod = self.wait_for(met, f"pod {name}: {what}", timeout)
        assert pod is not None
        return pod

    def start(self, *pods: Manifest, timeout: float = 60.0) -> list[Manifest]:
        """Makes the pods together and returns them once each is Ready."""
        self.apply(list(pods))
        names = [pod["metadata"]["name"] for pod in pods]
        return [self.wait_for_pod(name, is_ready, "Ready", timeout) for name in names]

    def exec(self, pod: str, *command: str, container: str = "") -> str:
        """Stdout of a command that succeeded in the pod."""
        chosen = (f"--container={container}",) if container else ()
        return self.kubectl("exec", pod, *chosen, "--", *command).stdout

    def _situation(self) -> str:
        pods = self.kubectl("get", "pods", "--output=wide", check=False)
        events = self.kubectl("get", "events", "--sort-by=.metadata.creationTimestamp", check=False)
        recent = "\n".join(events.stdout.splitlines()[-15:])
        return f"{pods.stdout}{pods.stderr}{recent}"


def server_minor(bench: Bench) -> int:
    """30 for a server of 1.30.14."""
    version = bench.kubectl("get", "--raw=/version").json
    return int(version["minor"].rstrip("+"))


def minor_of(release: str) -> int:
    """30 for `1.30`."""
    return int(release.removeprefix("1."))


def is_ready(pod: Manifest) -> bool:
    """The pod's Ready condition is True."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def container_status(pod: Manifest, name: str) -> Manifest:
    """The status of the container of that name, of any kind; empty where there is none yet."""
    status = pod.get("status", {})
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    every = [one for kind in kinds for one in status.get(kind) or []]
    return next((one for one in every if one["name"] == name), {})


def restarted(container: str, times: int = 1) -> Callable[[Manifest], bool]:
    """A condition: the container was restarted that often, or more often."""
    return lambda pod: container_status(pod, container).get("restartCount", 0) >= times


def waiting(container: str, reason: str) -> Callable[[Manifest], bool]:
    """A condition: the container waits, for that reason (such as CrashLoopBackOff)."""

    def holds(pod: Manifest) -> bool:
        state = container_status(pod, container).get("state", {})
        return bool(state.get("waiting", {}).get("reason") == reason)

    return holds


def _one_document(manifest: Manifest | Sequence[Manifest]) -> Manifest:
    if isinstance(manifest, dict):
        return manifest
    return {"apiVersion": "v1", "kind": "List", "items": list(manifest)}


def _run(
    words: tuple[str, ...], *, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> Answer:
    # Without an input the program gets an empty one: nothing may wait for a person.
    done = subprocess.run(
        words,
        input=stdin or "",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        timeout=CALL_SECONDS,
        check=False,
    )
    return Answer(words, done.returncode, done.stdout, done.stderr)
