"""`kubectl-podx __complete WORDS…`: cobra's protocol, as kubectl asks it of plugins.

The last word is the one being typed, maybe empty. The answer is one choice a line, a tab before
its description, and `:DIRECTIVE` last: 4 is "no files", 0 lets the shell complete files. It asks
no cluster and says no error: a TAB must not disturb the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from kubectl_podx.cli.command import load
from kubectl_podx.cli.words import COMMANDS, FORMATS
from kubectl_podx.sections.table import SECTIONS

_NO_FILES = ":4\n"
_FILES = ":0\n"
_FILE_OPTIONS = frozenset(
    {
        "--from",
        "--filename",
        "--preset",
        "--output-file",
        "--kubeconfig",
        "--certificate-authority",
        "--client-certificate",
        "--client-key",
    }
)


def complete(words: Sequence[str]) -> str:
    """What may stand where the last word is being typed."""
    *before, typed = words or [""]
    command = next((found for word in before if (found := load(word))), None)
    if command is None:
        if typed.startswith("-"):
            return _NO_FILES
        return _answer(
            (name, entry.summary) for name, entry in COMMANDS.items() if name.startswith(typed)
        )
    option = _option(command, before[-1]) if before else None
    if option is not None and not option.is_flag:
        return _values(option, typed)
    if typed.startswith("--") and "=" in typed:
        name, _, value = typed.partition("=")
        named = _option(command, name)
        return _values(named, value, f"{name}=") if named else _NO_FILES
    if typed.startswith("-"):
        return _answer(_flags(command, typed))
    return _answer(_arguments(command, typed, before))


def _answer(choices: Iterator[tuple[str, str]]) -> str:
    lines = [f"{name}\t{text}" if text else name for name, text in choices]
    return "".join(f"{line}\n" for line in lines) + _NO_FILES


def _option(command: click.Command, name: str) -> click.Option | None:
    options = (p for p in command.params if isinstance(p, click.Option))
    return next((each for each in options if name in each.opts), None)


def _flags(command: click.Command, typed: str) -> Iterator[tuple[str, str]]:
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            name = max(option.opts, key=len)
            if name.startswith(typed):
                yield name, (option.help or "").partition(". ")[0].removesuffix(".")
    if "--help".startswith(typed):
        yield "--help", "Show help"


def _values(option: click.Option, typed: str, prefix: str = "") -> str:
    name = max(option.opts, key=len)
    if name in _FILE_OPTIONS:
        return _FILES
    if isinstance(option.type, click.Choice):
        return _answer(
            (prefix + str(c), "") for c in option.type.choices if str(c).startswith(typed)
        )
    if name == "--output":
        return _answer((prefix + each, "") for each in FORMATS if each.startswith(typed))
    if name == "--section":
        # After a comma the next section is completed; what stands before it is kept.
        head, comma, last = typed.rpartition(",")
        kept = prefix + head + comma
        return _answer(
            (kept + section.key, section.summary)
            for section in SECTIONS
            if section.key.startswith(last)
        )
    return _NO_FILES


def _arguments(
    command: click.Command, typed: str, before: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if command.name == "demo":
        from kubectl_podx.cli.sources import recordings

        yield from ((name, "") for name in recordings() if name.startswith(typed))
    elif command.name == "explain":
        yield from _explained(typed)
    for argument in command.params:
        if isinstance(argument, click.Argument) and isinstance(argument.type, click.Choice):
            choices = [str(each) for each in argument.type.choices]
            if any(word in choices for word in before):
                continue
            yield from ((each, "") for each in choices if each.startswith(typed))


def _explained(typed: str) -> Iterator[tuple[str, str]]:
    """Fields of the report one step deep, and the codes of findings."""
    from kubectl_podx.generated.explain import codes, field_names

    known = codes().values()
    yield from ((each.code, each.title) for each in known if each.code.startswith(typed.upper()))
    yield from ((name, "") for name in field_names(typed))
    if "podpreset".startswith(typed.lower()) and typed:
        yield "PodPreset", "What became of the kind"
