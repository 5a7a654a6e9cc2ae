"""Where a reading command's Capture comes from: a live look, a bundle, a manifest, a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.options import access_flags
from kubectl_podx.cli.request import Request
from kubectl_podx.model.errors import InputError, PodxError, UsageError
from kubectl_podx.view.escape import quoted

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from kubectl_podx.capture.sharing import Witness
    from kubectl_podx.capture.targets import Named
    from kubectl_podx.cli.progress import ProgressLine
    from kubectl_podx.model.capture import Capture
    from kubectl_podx.model.raw import Json
    from kubectl_podx.model.revealed import Revealed

_SUFFIX = ".podx"
# What a report takes of the processor, in seconds, and of the deadline at least.
_REPORT_SECONDS = 0.5
_REPORT_SHARE = 0.07
_LOOKING = "  by the API alone; looking inside of the containers …"


def capture_of(
    request: Request,
    env: Environment,
    needed: frozenset[str],
    meanwhile: Callable[[], None] = lambda: None,
    revealed: Revealed | None = None,
    witness: Witness | None = None,
) -> Capture:
    """The sealed Capture of the request's targets. `needed`: the sections to gather for.

    `meanwhile` is run once while a live look is under way; `revealed` gets what `--reveal` shows,
    `witness` the search for secret values of this run.
    """
    presets = _presets(request)
    if request.offline:
        capture = _stored(request)
    else:
        capture = _live(request, env, needed, meanwhile, revealed, witness)
    if request.verbose:
        _say_calls(capture, env)
    if presets:
        from kubectl_podx.capture.presets import with_presets

        capture = with_presets(capture, presets)
    return capture


def _presets(request: Request) -> list[Json]:
    """The PodPresets of the files that were named; what is wrong with them is told first."""
    if not request.presets:
        return []
    from kubectl_podx.capture.presets import read_presets

    if "-" in request.presets and request.manifest == "-":
        raise UsageError("standard input can be read only once: by --preset or by -f")
    return read_presets(request.presets)


def _stored(request: Request) -> Capture:
    from kubectl_podx.capture.bundle import decode_bundle, read_bundle, read_manifest

    if request.recording is not None:
        return _chosen(decode_bundle(recording(request.recording), request.recording), request)
    if request.from_file is not None:
        return _chosen(read_bundle(Path(request.from_file)), request)
    return _chosen(read_manifest(request.manifest or "-"), request)


def is_single(request: Request, capture: Capture) -> bool:
    """Whether the document is a PodReport: one pod named by its name, or a file that holds one."""
    from kubectl_podx.capture.targets import Targets

    if request.offline and not request.words:
        return len(capture.pods) == 1 and not capture.workloads
    return Targets(words=request.words).single and len(capture.pods) == 1


def _live(
    request: Request,
    env: Environment,
    needed: frozenset[str],
    meanwhile: Callable[[], None],
    revealed: Revealed | None,
    witness: Witness | None,
) -> Capture:
    from kubectl_podx.capture.targets import parse_words

    if request.run_probes:
        env.say("--run-probes: each probe's handler is run now; it may do more than answer.")
    if request.selector is None:
        # Wrong words are told before a kubeconfig is opened.
        parse_words(request.words)
    from kubectl_podx.cli.progress import ProgressLine

    with ProgressLine(env) as line:
        capture = _taken(request, env, line, needed, meanwhile, revealed, witness)
    if not capture.pods and not capture.workloads:
        env.say(_nothing(request, env))
    return capture


def _taken(
    request: Request,
    env: Environment,
    line: ProgressLine,
    needed: frozenset[str],
    meanwhile: Callable[[], None],
    revealed: Revealed | None,
    witness: Witness | None,
) -> Capture:
    from kubectl_podx.capture import session
    from kubectl_podx.cli.progress import bar
    from kubectl_podx.model.clock import Deadline

    return session.take(
        access_flags(request.connection),
        session.Targets(
            words=request.words,
            selector=request.selector,
            field_selector=request.field_selector or "",
            all_namespaces=request.all_namespaces,
        ),
        session.LookOptions(
            sections=needed,
            container=request.container,
            exec_allowed=not request.no_exec,
            logs=not request.no_logs and request.log_lines > 0,
            log_lines=request.log_lines,
            probe_runs=request.probe_runs if request.run_probes else 0,
            force_exec=request.force_exec,
            debug=request.debug(),
            wait_start=request.wait_start,
            max_in_flight=request.max_in_flight,
        ),
        deadline=Deadline(for_answers(request.deadline, env.slowness())),
        environ=env.variables,
        home=env.home,
        warn=env.warn,
        meanwhile=meanwhile,
        revealed=revealed,
        say=env.say,
        progress=lambda done, known: line.show(bar(done, known)),
        early=_early(request, env, line, needed),
        waiting=line.waits_for,
        consent=lambda question: _confirmed(request, env, line, question),
        witness=witness,
    )


def _confirmed(request: Request, env: Environment, line: ProgressLine, question: str) -> bool:
    """Whether a person wants what the question says: by `--yes`, or by `y` on a terminal."""
    from kubectl_podx.capture.session import CONSENT_SECONDS

    line.clear()
    for each in question.splitlines():
        env.say(each)
    return request.yes or env.confirm("Add it? [y/N] ", CONSENT_SECONDS)


def for_answers(deadline: float, slowness: float) -> float:
    """The seconds of the deadline that answers may take; the rest is for the report itself.

    On a busy machine that takes longer: `slowness` is how many seconds one of the processor takes.
    """
    report = max(_REPORT_SHARE * deadline, _REPORT_SECONDS * slowness)
    return deadline - min(report, deadline / 3)


def _early(
    request: Request, env: Environment, line: ProgressLine, needed: frozenset[str]
) -> Callable[[Capture], None] | None:
    """Shows the verdict by the API alone, while the looks inside are under way.

    For a person: to a terminal, of the text. Everything else gets the one whole document.
    """
    text = request.query is None and request.format in ("text", "wide")
    if not (text and env.stdout.isatty() and env.stderr.isatty()):
        return None

    def show(capture: Capture) -> None:
        from kubectl_podx.analysis.analyse import analyse
        from kubectl_podx.analysis.workloads import document
        from kubectl_podx.render.text import early_lines

        reports = analyse(capture, needed, request.container, request.silence())
        found = document(
            capture, reports, single=is_single(request, capture), silence=request.silence()
        )
        line.know(early_lines(found.verdict, env.terminal(request.colors)), _LOOKING)

    return show


def _say_calls(capture: Capture, env: Environment) -> None:
    """Each planned call with its state and seconds; never what it brought."""
    for pod in capture.pods:
        for call in pod.calls:
            reason = f"  {call.reason}" if call.reason else ""
            env.say(f"{call.seconds:7.3f}s  {call.state:<8}  {call.id}{reason}")


def _nothing(request: Request, env: Environment) -> str:
    """What kubectl says of a selector that matches nothing."""
    if request.all_namespaces:
        return "No resources found"
    from kubectl_podx.cluster.access import resolve_access

    access = resolve_access(access_flags(request.connection), env.variables, env.home)
    return f"No resources found in {access.namespace} namespace."


def _chosen(capture: Capture, request: Request) -> Capture:
    """The capture with the pods that the words name; all of them without words."""
    import msgspec

    from kubectl_podx.capture.targets import parse_words
    from kubectl_podx.model.reference import Reference

    pods = capture.pods
    if request.namespace:
        pods = [p for p in pods if Reference.of_key(p.reference).namespace == request.namespace]
    if request.words:
        named = parse_words(request.words)
        if any(each.kind != "Pod" for each in named):
            return _of_workloads(capture, named)
        found = {Reference.of_key(pod.reference).name for pod in pods}
        for each in named:
            if each.name not in found:
                raise PodxError(
                    f'Error from server (NotFound): pods "{quoted(each.name)}" not found'
                )
        names = {each.name for each in named}
        pods = [pod for pod in pods if Reference.of_key(pod.reference).name in names]
        return msgspec.structs.replace(capture, pods=pods, workloads=[])
    return msgspec.structs.replace(capture, pods=pods)


def _of_workloads(capture: Capture, named: list[Named]) -> Capture:
    """The capture with the workloads that the words name, and their pods."""
    import msgspec

    from kubectl_podx.model.reference import Reference

    wanted = {(each.kind, each.name) for each in named}
    known = {
        (r.kind, r.name): each
        for each in capture.workloads
        if (r := Reference.of_key(each.reference))
    }
    for kind, name in wanted - known.keys():
        if kind == "Pod":
            raise UsageError("with --from, name pods or workloads, not both")
        raise UsageError(
            f"{kind} {quoted(name)} is not in the file: with --from or -f, name pods as NAME or "
            "pod/NAME, or the workload that was captured"
        )
    chosen = [known[each] for each in wanted]
    keys = {key for each in chosen for key in each.pods}
    pods = [pod for pod in capture.pods if pod.reference in keys]
    return msgspec.structs.replace(capture, pods=pods, workloads=chosen)


def recordings() -> list[str]:
    """The names of the shipped recordings, sorted."""
    folder = _folder()
    if not folder.is_dir():
        return []
    return sorted(
        each.name.removesuffix(_SUFFIX) for each in folder.iterdir() if each.name.endswith(_SUFFIX)
    )


def recording(name: str) -> bytes:
    """The bytes of a shipped recording; InputError where there is none of this name."""
    known = recordings()
    if not known:
        raise InputError("this installation of podx has no recordings; reinstall it")
    if name not in known:
        raise InputError(f'no recording "{quoted(name)}"; there are: {", ".join(known)}')
    return _folder().joinpath(name + _SUFFIX).read_bytes()


def _folder() -> Traversable:
    from importlib import resources

    return resources.files("kubectl_podx").joinpath("recordings")
