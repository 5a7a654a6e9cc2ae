"""Runs kubectl against one cluster."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kubectl:
    binary: str
    kubeconfig: str

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        # A half-dead server may accept and never answer.
        words = [self.binary, "--kubeconfig", self.kubeconfig, "--request-timeout=3s", *arguments]
        return subprocess.run(words, input=given or "", capture_output=True, text=True, check=False)

    def get(self, *arguments: str) -> dict[str, Any] | None:
        """The object or list as it is now; None where it is not there or cannot be had."""
        done = self.run("get", *arguments, "--output=json")
        if done.returncode != 0:
            return None
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def ready(self) -> bool:
        return self.run("get", "--raw=/readyz").returncode == 0


def node_ready(node: dict[str, Any] | None) -> bool:
    if node is None:
        return False
    # The node controller takes its not-ready taint away a moment after the condition changes.
    free = not node["spec"].get("taints")
    conditions = node["status"].get("conditions", [])
    return free and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
