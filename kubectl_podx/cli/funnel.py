"""The one place where exceptions become messages and exit statuses."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import click

from kubectl_podx.cli.command import PROGRAM, SETTINGS, Group
from kubectl_podx.cli.environment import Environment, TimeLimit
from kubectl_podx.cli.options import connection_options
from kubectl_podx.cli.words import COMMANDS
from kubectl_podx.model.errors import ExitStatus, PodxError
from kubectl_podx.model.nearest import near
from kubectl_podx.view.escape import clean

_HELP = """
Explain why a pod misbehaves: what it shares, mounts, reads and runs, and why it restarts.

podx compares what the API declares with what the running containers really have. It says how each
fact is known and what could not be checked. It changes nothing.
"""


@click.group(
    PROGRAM, cls=Group, help=_HELP, context_settings=SETTINGS, invoke_without_command=False
)
@connection_options
@click.pass_context
def root(ctx: click.Context, /, **values: Any) -> None:
    """Connection flags before the command are defaults for the command's own."""
    given = {key: value for key, value in values.items() if value not in (None, (), False)}
    ctx.default_map = dict.fromkeys(COMMANDS, given)


# kubectl's errors that bring their own first words.
_PREFIXED = ("error", "Error from server", "The connection to the server", "Unable to connect")
_TRACEBACK = "KUBECTL_PODX_TRACEBACK"

# Threads may still sit in a read: after this they are left behind.
_PATIENCE = 0.8


def main(args: Sequence[str], environment: Environment | None = None) -> int:
    """Runs one command line; returns its exit status and never raises."""
    env = environment or Environment()
    env.time_limit = TimeLimit()
    _no_core_dump()
    for stream in (env.stdout, env.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A locale without UTF-8 must not end a report with a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        with _interruptible():
            status = _run(list(args), env)
    except BrokenPipeError:
        # `podx … | head`: the reader has enough.
        env.silence()
        return ExitStatus.OK
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: never a traceback
        return _report(error, args, env)
    finally:
        env.time_limit.disarm()
    return status


def _no_core_dump() -> None:
    """A core file would hold what the sealer holds. Children (credential plugins) inherit it."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _run(args: list[str], env: Environment) -> int:
    if args[:1] == ["__complete"]:
        from kubectl_podx.cli.complete import complete

        env.write(complete(args[1:]))
        return ExitStatus.OK

    # Not `root.main`: it answers Ctrl-C and a closed pipe in its own way.
    try:
        with root.make_context(PROGRAM, args, obj=env) as context:
            result: Any = root.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return result if isinstance(result, int) else ExitStatus.OK


def _report(error: Exception, args: Sequence[str], env: Environment) -> int:
    if env.variables.get(_TRACEBACK) == "1" and not isinstance(error, PodxError | click.Abort):
        import traceback

        traceback.print_exception(error, file=env.stderr)
    text, status = message(error, args)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        env.stderr.write(text)
        env.stderr.flush()
    return status


def message(error: Exception, args: Sequence[str] = ()) -> tuple[str, int]:
    """What standard error says about it, and the exit status."""
    if isinstance(error, PodxError):
        text = "\n".join(clean(line) for line in str(error).split("\n"))
        text = text if text.startswith(_PREFIXED) else f"error: {text}"
        one_line = "\n" not in text
        hint = _see(args) if error.exit_status == ExitStatus.USAGE and one_line else ""
        return f"{text}\n{hint}", error.exit_status
    if isinstance(error, click.UsageError):
        return f"error: {clean(_usage(error))}\n{_see(args)}", ExitStatus.USAGE
    if isinstance(error, click.Abort):
        return "", ExitStatus.INTERRUPTED
    if isinstance(error, click.ClickException):
        return f"error: {clean(error.format_message())}\n", ExitStatus.FAILED
    kind = type(error).__name__
    hint = f"run with {_TRACEBACK}=1 to see where, and mind that it may show data of the cluster"
    return f"error: internal error in podx ({kind}); {hint}\n", ExitStatus.FAILED


def _usage(error: click.UsageError) -> str:
    """Click's usage errors in the words of kubectl's flag parser."""
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        meant = near(name, [*(error.possibilities or ())])
        hint = f"; did you mean {' or '.join(meant)}?" if meant else ""
        if name.startswith("--"):
            return f"unknown flag: {name}{hint}"
        return f"unknown shorthand flag: '{name.lstrip('-')}' in {name}"
    if isinstance(error, click.BadOptionUsage) and "requires an argument" in error.message:
        return f"flag needs an argument: {error.option_name}"
    if isinstance(error, click.MissingParameter) and isinstance(error.param, click.Option):
        return f'required flag(s) "{max(error.param.opts, key=len).lstrip("-")}" not set'
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Option):
        flag = max(error.param.opts, key=len)
        return f'invalid argument for "{flag}" flag: {error.message}'
    return error.format_message().removesuffix(".")


def _see(args: Sequence[str]) -> str:
    command = next((word for word in args if word in COMMANDS), "")
    path = f"{PROGRAM} {command}".rstrip()
    return f"See '{path} --help' for usage.\n"


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the run within a second, whatever a thread is waiting for."""
    previous = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, _interrupt)
    except ValueError:
        # Not the main thread: then nobody sends us signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Sockets are closed on the way out, which ends what runs in containers."""
    import threading

    watchdog = threading.Timer(_PATIENCE, _leave)
    watchdog.daemon = True
    watchdog.start()
    raise KeyboardInterrupt


def _leave() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(ExitStatus.INTERRUPTED)
