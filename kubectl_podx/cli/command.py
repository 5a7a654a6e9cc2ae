"""Click commands that read as kubectl's: its help, its flags, its words for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

import click

from kubectl_podx.cli.words import COMMANDS
from kubectl_podx.model.nearest import near
from kubectl_podx.model.patterns import lazy

_F = TypeVar("_F", bound=Callable[..., Any])

PROGRAM = "kubectl podx"
# The help is laid out here, as kubectl does it: click need not ask how wide the terminal is.
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "terminal_width": 100}
_GLOBAL = (
    f'Use "{PROGRAM} options" for a list of global command-line options (applies to all commands).'
)
_BOOLEAN = lazy(r"(--?[a-zA-Z][a-z-]*)=(true|false)")
_SHORT_EQUALS = lazy(r"(-[a-zA-Z])=(.*)", re.DOTALL)


def _show_help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


class Option(click.Option):
    """An option whose help is one paragraph: click would look for indentation in it, by `inspect`
    and all that this imports.
    """

    def __init__(self, names: Sequence[str], **settings: Any) -> None:
        text = settings.pop("help", None)
        super().__init__(names, **settings)
        self.help = text


def option(*names: str, **settings: Any) -> Callable[[_F], _F]:
    """As click's decorator."""
    return click.option(*names, cls=Option, **settings)


class _WithHelp(click.Command):
    """`-h` and `--help` as click has them, without a look for translations of their help: that
    imports the locales and searches the file system, 1 ms of every run.
    """

    _own_help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option, made once."""
        names = self.get_help_option_names(ctx)
        if self._own_help is None and names:
            self._own_help = click.Option(
                [*names, "shows_help"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_help,
            )
        return self._own_help


class Command(_WithHelp):
    """A command with kubectl's help. `examples` is shown below the description."""

    def __init__(self, *args: Any, usage: str = "", examples: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", SETTINGS)
        super().__init__(*args, **kwargs)
        self.usage = usage
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As pflag: `-o=json` and `--exit-code=true` mean `-ojson` and `--exit-code`."""
        return super().parse_args(ctx, as_pflag(self, args))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Description, examples, options, usage: kubectl's order."""
        parts = [_dedented(self.help or "")]
        if self.examples:
            parts.append("Examples:\n" + _indented(self.examples, 2))
        own = [option_help(p) for p in self.params if isinstance(p, click.Option) and not p.hidden]
        if own:
            parts.append("Options:\n" + "\n\n".join(own))
        parts.append(f"Usage:\n  {ctx.command_path} {self.usage}".rstrip())
        if any(isinstance(p, click.Option) and p.hidden for p in self.params):
            parts.append(_GLOBAL)
        formatter.write("\n\n".join(parts) + "\n")


def as_pflag(command: click.Command, args: Sequence[str]) -> list[str]:
    """The words in the spelling that click reads; what stands after `--` stays as it is.

    `-n web` becomes `--namespace web`: click looks for it among the long options first, and for
    options of a similar name where it is none, on its way to the short ones.
    """
    options = {
        name: param
        for param in command.params
        if isinstance(param, click.Option)
        for name in param.opts
    }
    result: list[str] = []
    for at, word in enumerate(args):
        if word == "--":
            return [*result, *args[at:]]
        boolean = _BOOLEAN.fullmatch(word)
        short = _SHORT_EQUALS.fullmatch(word)
        if boolean and boolean[1] in options and options[boolean[1]].is_flag:
            if boolean[2] == "true":
                result.append(boolean[1])
        elif short and short[1] in options and not options[short[1]].is_flag:
            result.append(short[1] + short[2])
        elif len(word) == 2 and word in options and at + 1 < len(args):
            result.append(max(options[word].opts, key=len))
        else:
            result.append(word)
    return result


def option_help(option: click.Option) -> str:
    """One option as kubectl prints it: its names and default, then its text."""
    import textwrap

    names = sorted(option.opts, key=len)
    head = ", ".join(names)
    if option.is_flag:
        value = "=false"
    elif option.multiple:
        value = "=[]"
    elif isinstance(option.default, int):
        value = f"={option.default}"
    else:
        value = f"='{option.default if isinstance(option.default, str) else ''}'"
    indent = 4 if names[0].startswith("-") and not names[0].startswith("--") else 8
    text = textwrap.fill(option.help or "", 88, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return f"{' ' * indent}{head}{value}:\n{text}"


def _dedented(text: str) -> str:
    import textwrap

    return textwrap.dedent(text).strip()


def _indented(text: str, by: int) -> str:
    import textwrap

    return textwrap.indent(_dedented(text), " " * by)


class Group(_WithHelp, click.Group):
    """The commands by name; each is imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        """In the order of help."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - as click has it
        cmd_name: str,
    ) -> click.Command | None:
        """Imports the module of this command."""
        return load(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`help describe` is `describe --help`, `--version` is `version`; no words are `--help`.

        Flags may come before the command, as kubectl has it; without a command they are describe's.
        """
        words = list(args)
        if words[:1] == ["help"]:
            words = [*words[1:], "--help"]
        elif words[:1] == ["--version"]:
            words = ["version", *words[1:]]
        elif words and words[0].startswith("-") and words[0] not in ("-h", "--help", "--"):
            words = _with_command_first(words)
        return super().parse_args(ctx, as_pflag(self, words or ["--help"]))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that is no command names what to describe: `kubectl podx deploy/web`.

        One that is nearly a command is a mistake; KIND/NAME cannot be one.
        """
        command = load(args[0])
        if command is not None:
            return args[0], command, args[1:]
        meant = [] if "/" in args[0] else near(args[0], COMMANDS)
        if not meant:
            return "describe", load("describe"), args
        text = f'unknown command "{args[0]}" for "{PROGRAM}"'
        text += f"; did you mean {' or '.join(meant)}? For a pod of that name: describe {args[0]}"
        raise click.UsageError(text, ctx)

    def format_help(
        self,
        ctx: click.Context,  # noqa: ARG002 - as click has it
        formatter: click.HelpFormatter,
    ) -> None:
        """The commands by group, as kubectl lists its own."""
        parts = [_dedented(self.help or "")]
        width = max(map(len, COMMANDS)) + 2
        for group in dict.fromkeys(entry.group for entry in COMMANDS.values()):
            lines = [
                f"  {name:<{width}}{entry.summary}"
                for name, entry in COMMANDS.items()
                if entry.group == group
            ]
            parts.append("\n".join([group, *lines]))
        parts += [
            (
                f"Usage:\n  {PROGRAM} COMMAND [flags] [options]\n"
                f"  {PROGRAM} TARGET (as describe TARGET)"
            ),
            f'Use "{PROGRAM} COMMAND --help" for more information about a given command.\n'
            + _GLOBAL,
        ]
        formatter.write("\n\n".join(parts) + "\n")


def _with_command_first(words: list[str]) -> list[str]:
    """`-n shop triage` -> `triage -n shop`; `--from x.podx` -> `describe --from x.podx`."""
    describe = load("describe")
    takes_value = {
        name
        for option in (describe.params if describe else ())
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in takes_value else 1
    if at < len(words) and words[at] in COMMANDS:
        return [words[at], *words[:at], *words[at + 1 :]]
    return ["describe", *words]


def load(name: str) -> click.Command | None:
    """The command of this name; None where there is none."""
    entry = COMMANDS.get(name)
    if entry is None:
        return None
    module = import_module(f"kubectl_podx.cli.{entry.module}")
    command: click.Command = module.command(name)
    return command
