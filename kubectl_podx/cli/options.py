"""The options of all commands: kubectl's connection flags, and those of reading commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_podx.cli.command import option
from kubectl_podx.cli.durations import deadline
from kubectl_podx.cli.words import FORMATS, section_key
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.nearest import near
from kubectl_podx.model.words import Colors
from kubectl_podx.sections.table import BY_COMMAND, KEYS
from kubectl_podx.view.escape import quoted

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import AccessFlags

_F = TypeVar("_F", bound=Callable[..., Any])

# Names, and the help text of kubectl's own `options`. A flag where the value is None.
_CONNECTION: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("-n", "--namespace"), {"help": "If present, the namespace scope for this request."}),
    (("--context",), {"help": "The name of the kubeconfig context to use."}),
    (("--kubeconfig",), {"help": "Path to the kubeconfig file to use for requests."}),
    (("--cluster",), {"help": "The name of the kubeconfig cluster to use."}),
    (("--user",), {"help": "The name of the kubeconfig user to use."}),
    (("-s", "--server"), {"help": "The address and port of the Kubernetes API server."}),
    (("--token",), {"help": "Bearer token for authentication to the API server."}),
    (("--username",), {"help": "Username for basic authentication to the API server."}),
    (("--password",), {"help": "Password for basic authentication to the API server."}),
    (
        ("--certificate-authority",),
        {"help": "Path to a cert file for the certificate authority."},
    ),
    (("--client-certificate",), {"help": "Path to a client certificate file for TLS."}),
    (("--client-key",), {"help": "Path to a client key file for TLS."}),
    (
        ("--tls-server-name",),
        {
            "help": "Server name to use for server certificate validation. If it is not provided, "
            "the hostname used to contact the server is used."
        },
    ),
    (
        ("--insecure-skip-tls-verify",),
        {
            "is_flag": True,
            "help": "If true, the server's certificate will not be checked for validity. This "
            "will make your HTTPS connections insecure.",
        },
    ),
    (
        ("--as", "as_user"),
        {
            "help": "Username to impersonate for the operation. User could be a regular user or a "
            "service account in a namespace."
        },
    ),
    (("--as-uid",), {"help": "UID to impersonate for the operation."}),
    (
        ("--as-group", "as_groups"),
        {
            "multiple": True,
            "help": "Group to impersonate for the operation, this flag can be repeated to specify "
            "multiple groups.",
        },
    ),
    (
        ("--as-user-extra",),
        {
            "multiple": True,
            "help": "User extras to impersonate for the operation, as key=value; this flag can be "
            "repeated to specify multiple values for the same key.",
        },
    ),
    (
        ("--request-timeout",),
        {
            "help": "The length of time to wait before giving up on a single server request. "
            "Non-zero values should contain a corresponding time unit (e.g. 1s, 2m, 3h). A value "
            "of zero means don't timeout requests."
        },
    ),
    (
        ("--disable-compression",),
        {
            "is_flag": True,
            "help": "If true, opt-out of response compression for all requests to the server.",
        },
    ),
)


def connection_options(function: _F) -> _F:
    """The connection flags of kubectl; hidden here, listed by `kubectl podx options`."""
    for names, settings in reversed(_CONNECTION):
        function = option(*names, hidden=True, **settings)(function)
    return function


def access_flags(values: Mapping[str, Any]) -> AccessFlags:
    """The connection flags among a command's values."""
    from kubectl_podx.cluster.access import AccessFlags

    names = [names[-1].lstrip("-").replace("-", "_") for names, _ in _CONNECTION]
    given = {name: values[name] for name in names if values.get(name) is not None}
    return AccessFlags(**given)


def colors_of(values: Mapping[str, Any]) -> Colors:
    """When a command's values want colour."""
    if values.get("no_color"):
        return "never"
    given: Colors = values.get("color") or "auto"
    return given


def output_option(formats: tuple[str, ...]) -> Callable[[_F], _F]:
    """`-o` of a command that has formats of its own."""
    return option(
        "-o",
        "--output",
        type=click.Choice(formats),
        help=f"Output format. One of: ({', '.join(formats)}).",
    )


def _format(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in FORMATS:
        from kubectl_podx.cli.kubectl_formats import instead_of

        if (hint := instead_of(value)) is not None:
            raise UsageError(hint)
        raise UsageError(
            f'unable to match a printer suitable for the output format "{quoted(value)}", '
            f"allowed formats are: {','.join(sorted(FORMATS))}"
        )
    return value


def _sections(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """The report's keys, in the order they were given."""
    keys: list[str] = []
    for word in (part.strip() for value in values for part in value.split(",")):
        key = section_key(word)
        if key is None:
            meant = near(word, [*KEYS, *BY_COMMAND])
            hint = f" (did you mean {' or '.join(meant)}?)" if meant else ""
            raise UsageError(
                f'unknown section "{quoted(word)}"{hint}; there are: {", ".join(KEYS)}'
            )
        keys.append(key)
    return tuple(dict.fromkeys(keys))


def _codes(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Codes of findings, in capitals."""
    if not values:
        return ()
    from kubectl_podx.analysis.silence import CODE

    codes = [part.strip().upper() for value in values for part in value.split(",")]
    for code in codes:
        if not CODE.fullmatch(code):
            raise UsageError(
                f'"{quoted(code)}" is no code of a finding: '
                "'kubectl podx explain --codes' lists them"
            )
    return tuple(dict.fromkeys(codes))


_READING: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-o", "--output"),
        {
            "callback": _format,
            "help": f"Output format. One of: ({', '.join(FORMATS)}). wide shows everything.",
        },
    ),
    (
        ("--query",),
        {
            "help": "JMESPath expression, applied to the document that '-o json' prints. -o "
            "formats the result: json, yaml, table or text."
        },
    ),
    (
        ("-c", "--container"),
        {"help": "Show this container only, and run an exec in no other."},
    ),
    (
        ("-l", "--selector"),
        {
            "help": "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin' "
            "(e.g. -l key1=value1,key2=value2)."
        },
    ),
    (
        ("--field-selector",),
        {
            "help": "Selector (field query) to filter on, such as spec.nodeName=node-1.",
        },
    ),
    (
        ("-A", "--all-namespaces"),
        {"is_flag": True, "help": "With -l: select pods in all namespaces."},
    ),
    (
        ("--from", "from_file"),
        {"help": "Read a bundle made by 'kubectl podx capture' instead of a cluster."},
    ),
    (
        ("-f", "--filename", "manifest"),
        {
            "help": "Read pods from a manifest, such as the output of 'kubectl get pod -o yaml', "
            "instead of a cluster ('-' is standard input)."
        },
    ),
    (
        ("--no-exec",),
        {
            "is_flag": True,
            "help": "Use the API only and run nothing inside containers. KUBECTL_PODX_NO_EXEC=1 "
            "means the same.",
        },
    ),
    (
        ("--force-exec",),
        {
            "is_flag": True,
            "help": "Run the exec even if the container has little free memory, or if that is "
            "unknown. The exec may get the container OOM-killed.",
        },
    ),
    (("--no-logs",), {"is_flag": True, "help": "Read no container logs."}),
    (
        ("--logs", "log_lines"),
        {
            "type": click.IntRange(0, 1000),
            "default": 20,
            "metavar": "N",
            "help": "Number of log lines to read from each container that has a problem.",
        },
    ),
    (
        ("--wait-start",),
        {
            "is_flag": True,
            "help": "Wait up to five and a half minutes for a crash-looping container to start, "
            "then inspect it while it runs.",
        },
    ),
    (
        ("--debug-image",),
        {
            "metavar": "IMAGE",
            "help": "If a container has no shell: add an ephemeral container with this image (such "
            "as busybox) to the pod and inspect the container from there. It stays in the pod's "
            "spec until the pod is deleted. KUBECTL_PODX_DEBUG_IMAGE=IMAGE means the same.",
        },
    ),
    (
        ("--debug-profile",),
        {
            "type": click.Choice(("restricted", "general")),
            "default": "restricted",
            "help": "With --debug-image: 'restricted' runs as the container's own user; 'general' "
            "runs as root with SYS_PTRACE.",
        },
    ),
    (
        ("--yes",),
        {"is_flag": True, "help": "With --debug-image: add the ephemeral container unasked."},
    ),
    (
        ("--run-probes",),
        {
            "is_flag": True,
            "help": "Run each probe of the running containers now and time it: commands run in the "
            "container, requests go through the API server. Handlers may have side effects.",
        },
    ),
    (
        ("--probe-runs",),
        {
            "type": click.IntRange(1, 20),
            "default": 3,
            "metavar": "N",
            "help": "Number of runs of each probe with --run-probes.",
        },
    ),
    (
        ("--reveal",),
        {
            "is_flag": True,
            "help": "Print hidden values of Secrets and environment variables below the report. "
            "Text output and live pods only; service account tokens are never shown.",
        },
    ),
    (
        ("-w", "--watch"),
        {
            "is_flag": True,
            "help": "Print the report again whenever one of its pods changes. Containers are "
            "inspected once; see --exec.",
        },
    ),
    (
        ("--exec",),
        {
            "is_flag": True,
            "help": "With --watch: inspect a container again after it restarts.",
        },
    ),
    (
        ("--all-pods",),
        {
            "is_flag": True,
            "help": "Of several pods: print the whole report of each, not only one for each kind "
            "of trouble.",
        },
    ),
    (
        ("--exit-code",),
        {
            "is_flag": True,
            "help": "Exit with status 3 if the worst finding is a warning, 4 if it is critical, "
            "5 if the verdict is unknown.",
        },
    ),
    (
        ("--open", "open_page"),
        {
            "is_flag": True,
            "help": "Write the page of '-o html' to a file with mode 0600 and open it in the "
            "browser.",
        },
    ),
    (
        ("--color",),
        {
            "type": click.Choice(("auto", "always", "never")),
            "default": "auto",
            "help": "Colour: 'auto' on a terminal, unless NO_COLOR is set; 'always'; or 'never'.",
        },
    ),
    (("--no-color",), {"is_flag": True, "help": "Write no colour: as --color=never."}),
    (
        ("--deadline",),
        {
            "default": "15s",
            "callback": deadline,
            "help": "Time limit for the whole run, such as 15, 15s or 1m. Anything unanswered by "
            "then is reported as not checked.",
        },
    ),
    (
        ("--sort-by",),
        {
            "metavar": "FIELD",
            "help": "Sort rows by this field of theirs, as '-o json' names it, such as "
            "restartCount or resources.memory.limit.",
        },
    ),
    (
        ("--no-headers",),
        {"is_flag": True, "help": "Print tables without headers."},
    ),
    (
        ("--ignore",),
        {
            "multiple": True,
            "callback": _codes,
            "metavar": "CODE",
            "help": "Leave out findings with these codes, separated by commas, such as "
            "NSP003,PRB007. The annotation podx.dev/ignore of a pod does the same for what is "
            "not critical.",
        },
    ),
    (
        ("--min-severity",),
        {
            "type": click.Choice(("info", "warning", "critical")),
            "default": "info",
            "help": "Leave out findings that are milder than this.",
        },
    ),
    (
        ("--max-in-flight",),
        {
            "type": click.IntRange(1, 64),
            "default": 12,
            "metavar": "N",
            "help": "Maximum number of concurrent requests and execs.",
        },
    ),
    (
        ("-v", "--verbose"),
        {
            "is_flag": True,
            "help": "Print every API call with its result and duration to standard error.",
        },
    ),
)

_SECTION_OPTION = option(
    "--section",
    "sections",
    multiple=True,
    callback=_sections,
    help="Show these sections only, separated by commas, such as probes,restarts; 'kubectl "
    "podx --help' lists them.",
)

# The options of reading commands, by the last word of each.
_EVERY = frozenset(names[-1].lstrip("-") for names, _ in _READING)
CHOICE = frozenset({"selector", "field-selector", "all-namespaces"})
"""Which pods."""
FILES = frozenset({"from_file", "manifest"})
"""No cluster, but something saved."""
INSIDE = frozenset({"no-exec", "force-exec"})
DEBUG = frozenset({"debug-image", "debug-profile", "yes"})
"""The one write."""
LOGS = frozenset({"no-logs", "log_lines"})
RUN = frozenset({"deadline", "max-in-flight"})
COLORS = frozenset({"color", "no-color"})
SORTED = frozenset({"sort-by"})
"""Of tables."""
SHOWN = COLORS | frozenset(
    {
        "output",
        "query",
        "container",
        "all-pods",
        "exit-code",
        "open_page",
        "ignore",
        "min-severity",
        "no-headers",
    }
)
LIVE = (
    CHOICE
    | INSIDE
    | DEBUG
    | frozenset({"wait-start", "run-probes", "probe-runs", "reveal", "watch", "exec"})
)
"""What makes no sense without a cluster."""
READING = SHOWN | FILES | LOGS | LIVE | RUN | {"verbose"}
"""Those of `describe`; a section's command has SORTED, too."""


def reading_options(
    chosen: frozenset[str] = READING, *, sections: bool = False
) -> Callable[[_F], _F]:
    """The connection's options and the chosen ones; `sections` adds `--section`."""
    unknown = chosen - _EVERY
    if unknown:
        raise ValueError(f"no such options: {', '.join(sorted(unknown))}")

    def decorate(function: _F) -> _F:
        function = connection_options(function)
        for names, settings in reversed(_READING):
            if names[-1].lstrip("-") in chosen:
                function = option(*names, **settings)(function)
        return _SECTION_OPTION(function) if sections else function

    return decorate
