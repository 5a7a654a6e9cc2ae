"""`kubectl podx preset preview|convert`: what a PodPreset does, and what does it today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.options import CHOICE, COLORS, FILES, RUN, colors_of, reading_options
from kubectl_podx.model.errors import ExitStatus, InputError, UsageError

if TYPE_CHECKING:
    from kubectl_podx.capture.presets import Subject
    from kubectl_podx.model.raw import Json
    from kubectl_podx.model.words import Colors
    from kubectl_podx.podpreset.preset import Preset

_HELP = """
Show what PodPresets do to a pod, or print the admission policy that does the same today.

'preset preview' merges presets into a pod by the rules of Kubernetes' old admission plugin: what
is added, every conflict with both of its sides, and that nothing at all is applied where there is
one. Pods are those of a file (-f; workloads stand for the pods that they make) or live ones. The
presets are those of --preset files, else those of the namespace (redhatcop.redhat.io/v1alpha1).
Text shows a unified diff; KUBECTL_EXTERNAL_DIFF names another program for it, as for 'kubectl
diff'. A live pod's secret-like values are hidden, those of your own files are not.

'preset convert' prints a MutatingAdmissionPolicy and its binding for each preset, for 'kubectl
apply', with comments on what is not carried over. No cluster is asked.
"""
_EXAMPLES = """
# What does this preset do to this pod?
kubectl podx preset preview --preset preset.yaml -f pod.yaml

# The merged pod, with several presets at once
kubectl podx preset preview --preset a.yaml --preset b.yaml -f pod.yaml -o yaml

# What would the presets of the namespace do to this pod, if it were created again?
kubectl podx preset preview web-0

# The same by an admission policy of today
kubectl podx preset convert --preset preset.yaml -n shop > policy.yaml
"""
_FORMATS = ("text", "yaml", "json")
# Options about looks into containers and about reports: this command makes neither.
_OPTIONS = CHOICE | FILES | RUN | COLORS | {"verbose"}
_DEFAULT_NAMESPACE = "default"


def command(name: str) -> click.Command:
    """The command `preset`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(preview | convert) [--preset FILE]... [TARGET... | -f FILE] [flags] [options]",
    )
    @click.argument("verb", type=click.Choice(("preview", "convert")), metavar="preview|convert")
    @click.argument("words", nargs=-1, metavar="TARGET")
    @option(
        "--preset",
        "presets",
        multiple=True,
        metavar="FILE",
        help="A file with PodPresets, as YAML or JSON ('-' is standard input). May be repeated.",
    )
    @option(
        "-o",
        "--output",
        type=click.Choice(_FORMATS),
        help="Output format. One of: (text, yaml, json). yaml and json are the merged pod.",
    )
    @option(
        "--exit-code",
        is_flag=True,
        help="Exit with status 3 if a conflict prevents presets from being applied, 5 if that is "
        "unknown.",
    )
    @reading_options(_OPTIONS)
    @click.pass_obj
    def preset(
        env: Any,
        /,
        verb: str,
        words: tuple[str, ...],
        presets: tuple[str, ...],
        output: str | None,
        **values: Any,
    ) -> int:
        if verb == "convert":
            return _convert(env, presets, words, output, values)
        return _preview(env, presets, words, output, values)

    return preset


def _bodies(paths: Sequence[str]) -> list[Json]:
    from kubectl_podx.capture.presets import read_presets

    if list(paths).count("-") > 1:
        raise UsageError("standard input can be read only once")
    return read_presets(paths)


# -- preview -----------------------------------------------------------------------------------


def _preview(
    env: Environment,
    paths: Sequence[str],
    words: tuple[str, ...],
    output: str | None,
    values: dict[str, Any],
) -> int:
    manifest = values.get("manifest")
    if "-" in paths and manifest == "-":
        raise UsageError("standard input can be read only once: by --preset or by -f")
    if manifest is not None and not paths:
        raise UsageError("-f asks no cluster: name the presets with --preset FILE")
    if manifest is not None and words:
        raise UsageError("name either a TARGET or a file with -f")
    subjects, presets = _found(env, paths, words, values)
    if not presets:
        env.say("No PodPresets found: nothing is applied.")
    from kubectl_podx.cli.explain import NOTE
    from kubectl_podx.podpreset.merge import merged
    from kubectl_podx.podpreset.preset import GONE

    merges = [merged(subject.body, presets) for subject in subjects]
    if subjects and any(preset.group == GONE for preset in presets):
        env.say(NOTE)
    from kubectl_podx.cli import preset_words
    from kubectl_podx.render import preset as render

    shown = [
        preset_words.shown(subject, merge, presets)
        for subject, merge in zip(subjects, merges, strict=True)
    ]
    if output in ("yaml", "json"):
        for each in shown:
            env.say(f"{each.title}: {each.summary}")
        if merges:
            env.write(render.documents([merge.pod for merge in merges], output))
    else:
        _write(env, subjects, shown, colors_of(values))
    return _status(merges) if values.get("exit_code") else ExitStatus.OK


def _found(
    env: Environment, paths: Sequence[str], words: tuple[str, ...], values: dict[str, Any]
) -> tuple[list[Subject], list[Preset]]:
    """The pods and the presets; wrong words and files are told before a cluster is asked."""
    from kubectl_podx.capture import presets
    from kubectl_podx.podpreset.preset import preset_of

    given = [preset_of(body) for body in _bodies(paths)]
    if values.get("manifest") is not None:
        return presets.read_subjects(values["manifest"]), given
    from kubectl_podx.cli.request import Request
    from kubectl_podx.cli.sources import capture_of

    request = Request.of(env, values, words, sections=("injections",), no_exec=True, no_logs=True)
    capture = capture_of(request, env, frozenset(request.sections))
    found = given or presets.captured_presets(capture)
    return presets.captured_subjects(capture), found


def _write(env: Environment, subjects: Any, shown: Any, colors: Colors) -> None:
    from kubectl_podx.cli.programs import VARIABLE, run
    from kubectl_podx.render.document import to_yaml
    from kubectl_podx.render.preset import text

    external = env.variables.get(VARIABLE, "").strip()
    color = env.terminal(colors).color
    env.write("\n".join(text(each, diff=not external, color=color) for each in shown))
    if not external:
        return
    pairs = [
        (_file_name(subject), to_yaml(each.before), to_yaml(each.after))
        for subject, each in zip(subjects, shown, strict=True)
        if each.after is not each.before
    ]
    if pairs:
        run(external, pairs, env)


def _file_name(subject: Subject) -> str:
    from kubectl_podx.model.raw import text

    meta = [text(subject.body, "metadata", each) for each in ("namespace", "name", "generateName")]
    return ".".join(("v1.Pod", meta[0], meta[1] or meta[2]))


def _status(merges: Sequence[Any]) -> int:
    outcomes = {merge.outcome for merge in merges}
    if "conflict" in outcomes or any(merge.wiped for merge in merges):
        return ExitStatus.WARNING
    return ExitStatus.UNKNOWN if "unknown" in outcomes else ExitStatus.OK


# -- convert -----------------------------------------------------------------------------------


def _convert(
    env: Environment,
    paths: Sequence[str],
    words: tuple[str, ...],
    output: str | None,
    values: dict[str, Any],
) -> int:
    if words or values.get("manifest") or values.get("from_file") or values.get("selector"):
        raise UsageError("preset convert takes presets only: --preset FILE, and -n NAMESPACE")
    if not paths:
        raise UsageError(
            "preset convert needs --preset FILE; 'kubectl get podpresets -o yaml' saves those of "
            "a cluster that has them"
        )
    if output == "text":
        raise UsageError("preset convert prints yaml or json, not text")
    from kubectl_podx.podpreset.preset import preset_of

    presets = [preset_of(body) for body in _bodies(paths)]
    env.write(_policies(presets, values.get("namespace"), output or "yaml"))
    return ExitStatus.OK


def _policies(presets: Sequence[Preset], namespace: str | None, output: str) -> str:
    from kubectl_podx.podpreset.convert import converted
    from kubectl_podx.podpreset.preset import GONE
    from kubectl_podx.render.preset import documents, manifest

    bodies: list[Any] = []
    parts: list[str] = []
    for at, preset in enumerate(presets):
        where = preset.namespace or namespace or _DEFAULT_NAMESPACE
        others = [
            each
            for other, each in enumerate(presets)
            if other != at and (each.namespace or namespace or _DEFAULT_NAMESPACE) == where
        ]
        try:
            made = converted(preset, others, where)
        except ValueError:
            raise InputError(f"PodPreset {preset.name} holds text that is no UTF-8") from None
        notes = list(made.notes)
        if not preset.namespace and not namespace:
            notes.insert(0, "The file names no namespace: it is taken to be default. Set -n.")
        bodies += [made.policy, made.binding]
        gone = ", gone since Kubernetes 1.20" if preset.group == GONE else ""
        title = (
            f"In the place of PodPreset {preset.name} ({preset.group}{gone}), in namespace {where}."
        )
        parts += [manifest(made.policy, title, notes), manifest(made.binding)]
    return documents(bodies, "json") if output == "json" else "---\n".join(parts)
