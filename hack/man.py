"""The manual page, made of the same help as docs/CLI.md."""

import re
from collections.abc import Iterable, Iterator

_STATUSES = (
    ("0", "the report was made"),
    ("1", "the cluster or the input failed"),
    ("2", "usage error"),
    ("3", "with --exit-code: the worst finding is a warning"),
    ("4", "with --exit-code: the worst finding is critical"),
    ("5", "with --exit-code: the verdict is unknown"),
    ("130", "interrupted"),
)
_VARIABLES = (
    ("KUBECONFIG", "files that say how clusters are reached, as for kubectl"),
    ("KUBECTL_PATH", "the kubectl that runs podx; commands of its completion use it"),
    ("KUBECTL_EXTERNAL_DIFF", "the program that compares, where podx shows differences by one"),
    ("NO_COLOR", "if set, no colours"),
    ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy before the cluster, as for kubectl"),
)


def page(cli: str, version: str, summary: str, url: str) -> str:
    """roff (man macros) of the Markdown that describes the commands."""
    head = cli.partition("\n## ")[2]
    parts = [
        f'.TH KUBECTL-PODX 1 "" "podx {version}" "kubectl plugins"',
        ".SH NAME",
        f"kubectl-podx \\- {_escaped(summary)}",
        ".SH SYNOPSIS",
        ".B kubectl podx",
        _escaped("POD | COMMAND [TARGET] [flags]"),
        ".SH COMMANDS",
        *_body("## " + head),
        ".SH EXIT STATUS",
        *_listed(_STATUSES),
        ".SH ENVIRONMENT",
        *_listed(_VARIABLES),
        ".SH SEE ALSO",
        ".BR kubectl (1)",
        ".PP",
        _escaped(url),
    ]
    return "\n".join(parts) + "\n"


def _body(markdown: str) -> Iterator[str]:
    in_block = False
    for line in markdown.split("\n"):
        if line.startswith("```"):
            in_block = not in_block
            yield ".nf" if in_block else ".fi"
        elif in_block:
            yield _escaped(line)
        elif line.startswith("## "):
            yield f".SS {_escaped(line[3:])}"
        elif line.startswith("| `"):
            name, _, text = line.strip("| ").partition(" | ")
            yield from _listed([(name, text)])
        elif line.strip() and not line.startswith("|"):
            yield ".PP"
            yield _escaped(_plain(line))


def _listed(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield ".TP"
        yield f".B {_escaped(_plain(name))}"
        yield _escaped(_plain(text))


def _plain(text: str) -> str:
    """Without Markdown's marks; a link is its text."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def _escaped(line: str) -> str:
    """As roff prints it: no line is a request, no dash a hyphen."""
    text = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text
