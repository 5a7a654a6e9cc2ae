"""The options of a command that a Job inside of the cluster can do in shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_podx.cli.command import option
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.patterns import lazy

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import DriftReport, RehearsalReport
    from kubectl_podx.analysis.shards import Sharded
    from kubectl_podx.capture.triage import Shard

_F = TypeVar("_F", bound=Callable[..., Any])
_R = TypeVar("_R", "DriftReport", "RehearsalReport")
_SHARD = lazy(r"([0-9]{1,5})/([0-9]{1,5})")
_FROM = option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE",
    help="Read the lines that the shards of a Job printed; '-' is standard input, and the flag "
    "can be repeated. No cluster is asked.",
)
_JOB = (
    option(
        "--shard",
        metavar="K/N",
        help="Look only at the namespaces of shard K of N, and print rows as JSON lines.",
    ),
    option(
        "--job-manifest",
        is_flag=True,
        help="Print the Job that runs this inside of the cluster, and the rights that it needs.",
    ),
    option(
        "--shards",
        type=click.IntRange(1, 1000),
        default=4,
        metavar="N",
        help="With --job-manifest: completions of the Job, each with its share of the namespaces.",
    ),
    option("--image", help="With --job-manifest: an image that holds podx."),
)


def job_options(function: _F) -> _F:
    """`--shard`, `--job-manifest` and what goes with it."""
    for add in reversed(_JOB):
        function = add(function)
    return function


def shard_options(function: _F) -> _F:
    """The same, and `--from` that reads what the shards printed."""
    return _FROM(job_options(function))


def check(values: Mapping[str, Any], *, named: bool) -> None:
    """Contradictions among them. `named`: the words name targets."""
    check_job(values)
    if named and (values["shard"] or values["job_manifest"] or values["sources"]):
        raise UsageError("a shard is a share of all namespaces: no TARGET goes with it")
    if shard_of(values) is not None and (values["output"] or values["query"]):
        raise UsageError("--shard prints JSON lines")


def check_job(values: Mapping[str, Any]) -> None:
    """The options of the Job that contradict each other."""
    if values["job_manifest"] and not values["image"]:
        raise UsageError("--job-manifest needs --image: an image that holds podx")
    if values["image"] and not values["job_manifest"]:
        raise UsageError("--image goes with --job-manifest")


def shard_of(values: Mapping[str, Any]) -> Shard | None:
    """The share that was asked for; None for everything. UsageError for what is no share."""
    if values["shard"] is None:
        return None
    found = _SHARD.fullmatch(values["shard"])
    if found is None or not int(found[1]) < int(found[2]):
        raise UsageError("--shard takes K/N, such as 0/4, with K below N")
    from kubectl_podx.capture.triage import Shard

    return Shard(int(found[1]), int(found[2]))


def job(
    values: Mapping[str, Any],
    role: Callable[[str], dict[str, Any]],
    command: str,
    more: Sequence[str] = (),
) -> str:
    """The manifest of the Job. `more`: further words of the command in each shard."""
    from kubectl_podx.render.reports import manifest

    given = {"-l": values["selector"], "--field-selector": values["field_selector"]}
    words = [word for flag, value in given.items() if value for word in (flag, value)]
    return manifest(
        role(f"podx-{command}"),
        shards=values["shards"],
        image=values["image"],
        words=[*words, *more],
        command=command,
    )


def read(values: Mapping[str, Any], kind: Sharded[_R]) -> _R:
    """The one report of the files' lines."""
    from kubectl_podx.analysis.shards import merged
    from kubectl_podx.capture.bundle import read_bytes

    return merged(kind, b"".join(read_bytes(name) + b"\n" for name in values["sources"]))
