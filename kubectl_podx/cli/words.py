"""Commands, sections and formats by name: data that help and completion need before all else.

Nothing here imports what a command does, so that `--help` and a TAB stay fast.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One command: where it is, and what help says of it."""

    module: str
    """The module with the function `command(name)`."""
    summary: str
    group: str


_POD = "Look at pods:"
_SECTION = "One section, as a table:"
_OTHER = "Other commands:"


class SectionWords(NamedTuple):
    """One section: the report's key, and what help says of its command."""

    key: str
    summary: str


SECTIONS: dict[str, SectionWords] = {
    "containers": SectionWords("containers", "Every container with its state, limits and use"),
    "namespaces": SectionWords("namespaces", "Shared namespaces, processes, listening sockets"),
    "volumes": SectionWords("volumes", "Every volume with every mount, and who shares it"),
    "files": SectionWords("files", "Mounted ConfigMap, Secret and projected files"),
    "env": SectionWords("environment", "Every variable: declared, injected, in the process"),
    "downward": SectionWords("downwardAPI", "Downward API values against the pod now"),
    "tokens": SectionWords("serviceAccountTokens", "Claims of service account tokens"),
    "probes": SectionWords("probes", "Probes with counters, failures and state"),
    "restarts": SectionWords("restarts", "Why each container restarted, and how that is known"),
    "lifecycle": SectionWords("lifecycle", "Hooks and the grace period"),
    "scheduling": SectionWords("scheduling", "What the pod asks of a node, and why it waits"),
    "node": SectionWords("node", "The node, and how fresh its word is"),
    "images": SectionWords("images", "Images, pull policy and pull secrets"),
    "hosts": SectionWords("hosts", "/etc/hosts, hostname and resolv.conf"),
    "network": SectionWords("network", "Services, hanging connections, readiness gates"),
    "injected": SectionWords("injections", "What admission added to the owner's template"),
    "changes": SectionWords("changes", "What changed before it broke"),
    "timeline": SectionWords("timeline", "Every dated fact in one order"),
    "findings": SectionWords("findings", "Problems, worst first, with what to do"),
}
"""The command of each section."""

COMMANDS: dict[str, Entry] = {
    "describe": Entry("describe", "Show a pod from both sides, and why it misbehaves", _POD),
    "compare": Entry("compare", "Compare pods: which one is different, and in what", _POD),
    "triage": Entry("triage", "Show every sick pod, worst first, one line for each owner", _POD),
    "capture": Entry("capture", "Save what was seen in a file, for --from", _POD),
    "demo": Entry("demo", "Show the report of a recorded incident; needs no cluster", _POD),
    **{name: Entry("sections", words.summary, _SECTION) for name, words in SECTIONS.items()},
    "preset": Entry("preset", "Show what a PodPreset does to a pod, or convert it", _OTHER),
    "explain": Entry("explain", "Explain a finding's code or a field of the report", _OTHER),
    "doctor": Entry("doctor", "Say what may be seen, and which right is missing", _OTHER),
    "completion": Entry("completion", "Output shell completion code (bash, zsh or fish)", _OTHER),
    "options": Entry("globals", "List the connection flags that all commands take", _OTHER),
    "version": Entry("version", "Print the version of podx", _OTHER),
}
"""Every command, in the order of help."""

FORMATS = ("text", "wide", "json", "yaml", "name", "table", "html", "mermaid")
"""What `-o` takes."""


def section_key(word: str) -> str | None:
    """The report's key that a word means: the key itself in any case, or the command's name."""
    lower = word.lower()
    for name, words in SECTIONS.items():
        if lower in (name, words.key.lower()):
            return words.key
    return None


def near(word: str, choices: object) -> list[str]:
    """The choices that a mistyped word may have meant, best first."""
    from difflib import get_close_matches

    known = [str(each) for each in choices] if isinstance(choices, list | tuple | dict) else []
    starts = [each for each in known if len(word) > 1 and each.startswith(word)]
    return list(dict.fromkeys(starts + get_close_matches(word, known, n=3, cutoff=0.6)))[:3]
