"""Commands, sections and formats by name: data that help and completion need before all else.

Nothing here imports what a command does, so that `--help` and a TAB stay fast.
"""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.sections.table import SECTIONS


class Entry(NamedTuple):
    """One command: where it is, and what help says of it."""

    module: str
    """The module with the function `command(name)`."""
    summary: str
    group: str


_POD = "Inspect pods:"
_SECTION = "One section, as a table:"
_OTHER = "Other commands:"

COMMANDS: dict[str, Entry] = {
    "describe": Entry("describe", "Show what is wrong with a pod or a workload, and why", _POD),
    "compare": Entry("compare", "Compare pods and show what differs", _POD),
    "triage": Entry("triage", "List unhealthy pods and workloads, worst first", _POD),
    "wait": Entry("wait", "Wait until pods are healthy, or until it is known why not", _POD),
    "drift": Entry("drift", "List pods that hold something older than its source", _POD),
    "rehearse": Entry("rehearse", "Check whether pods would start again now", _POD),
    "preflight": Entry("preflight", "Check manifests before they are applied", _POD),
    "capture": Entry("capture", "Save everything about a pod in a file, for --from", _POD),
    "demo": Entry("demo", "Show the report of a recorded incident, without a cluster", _POD),
    **{each.command: Entry("sections", each.summary, _SECTION) for each in SECTIONS},
    "preset": Entry("preset", "Show what a PodPreset does to a pod, or convert it", _OTHER),
    "explain": Entry("explain", "Explain a finding or a field of the report", _OTHER),
    "doctor": Entry("doctor", "Check permissions, and print the minimal Role", _OTHER),
    "mcp": Entry("mcp", "Serve the tools of podx to a model (Model Context Protocol)", _OTHER),
    "completion": Entry("completion", "Output shell completion code (bash, zsh or fish)", _OTHER),
    "options": Entry("globals", "Print the list of flags inherited by all commands", _OTHER),
    "version": Entry("version", "Print the version of podx", _OTHER),
}
"""Every command, in the order of help."""

FORMATS = (
    "text",
    "wide",
    "brief",
    "json",
    "yaml",
    "kyaml",
    "name",
    "table",
    "html",
    "markdown",
    "mermaid",
    "junit",
    "sarif",
)
"""What `-o` takes."""


def section_key(word: str) -> str | None:
    """The report's key that a word means: the key itself in any case, or the command's name."""
    lower = word.lower()
    for section in SECTIONS:
        if lower in (section.command, section.key.lower()):
            return section.key
    return None
