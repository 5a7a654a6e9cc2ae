"""What a reading command was asked for: its words and options, checked against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.options import colors_of
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import Colors, FindingSeverity

if TYPE_CHECKING:
    from kubectl_podx.analysis.silence import Silence
    from kubectl_podx.capture.planned import DebugWish
    from kubectl_podx.capture.targets import Targets

_NO_EXEC = "KUBECTL_PODX_NO_EXEC"
_DEBUG_IMAGE = "KUBECTL_PODX_DEBUG_IMAGE"
_IMAGE = lazy(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One reading command line. The names are those of the options."""

    words: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    """The report's keys; empty for all."""
    as_table: bool = False
    """A section's own command: a table unless another format was asked for."""
    output: str | None = None
    query: str | None = None
    container: str | None = None
    selector: str | None = None
    field_selector: str | None = None
    all_namespaces: bool = False
    namespace: str | None = None
    from_file: str | None = None
    manifest: str | None = None
    recording: str | None = None
    """The name of a shipped recording (`demo`)."""
    presets: tuple[str, ...] = ()
    """Files with PodPresets, to tell what of the pod is theirs (`injected`)."""
    no_exec: bool = False
    force_exec: bool = False
    no_logs: bool = False
    log_lines: int = 20
    debug_image: str | None = None
    debug_profile: str = "restricted"
    yes: bool = False
    """Add the debug container without a question."""
    wait_start: bool = False
    run_probes: bool = False
    probe_runs: int = 3
    reveal: bool = False
    watch: bool = False
    exec: bool = False
    """With `watch`: look inside again where a container is a new instance."""
    open_page: bool = False
    """Show the page in the browser (`--open`)."""
    all_pods: bool = False
    """In the text: every pod's whole report, not one of each kind."""
    exit_code: bool = False
    ignore: tuple[str, ...] = ()
    """Codes of findings that are left out."""
    min_severity: str = "info"
    sort_by: str | None = None
    """A field of the rows; None for the order in which they were found."""
    no_headers: bool = False
    """Tables without the names of their columns."""
    colors: Colors = "auto"
    deadline: float = 15.0
    max_in_flight: int = 12
    patience: float = 0.0
    """Seconds that the command may wait (`wait`)."""
    verbose: bool = False
    connection: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Every value of the command, for `options.access_flags`."""

    @classmethod
    def of(
        cls,
        env: Environment,
        values: Mapping[str, Any],
        words: Sequence[str] = (),
        **more: Any,
    ) -> Request:
        """The request of a command's values; UsageError where they contradict one another."""
        known = {name: values[name] for name in cls.__struct_fields__ if name in values}
        if known.get("field_selector") is not None and known.get("selector") is None:
            # As kubectl: fields alone choose among all pods.
            known["selector"] = ""
        known["colors"] = colors_of(values)
        known["no_exec"] = bool(known.get("no_exec")) or env.variables.get(_NO_EXEC) == "1"
        if env.variables.get(_DEBUG_IMAGE) or known.get("debug_image") is not None:
            known["debug_image"] = _debug_image(known, words, env)
            if known["debug_image"] and not _may_add(known, env):
                raise UsageError(
                    "--debug-image adds a container to the pod that stays in its spec; without a "
                    "terminal to ask on, confirm it with --yes"
                )
        request = cls(**{**known, "words": tuple(words), "connection": dict(values), **more})
        request.check()
        if env.time_limit is not None and not request.watch:
            env.time_limit.arm(request.deadline + request.longest_wait())
        return request

    def debug(self) -> DebugWish | None:
        """What may be added to a pod, where that was asked for."""
        if not self.debug_image:
            return None
        from kubectl_podx.capture.planned import DebugWish

        return DebugWish(self.debug_image, self.debug_profile)

    def silence(self) -> Silence:
        """The findings that are left out."""
        from kubectl_podx.analysis.silence import Silence

        return Silence(frozenset(self.ignore), cast("FindingSeverity", self.min_severity))

    def targets(self) -> Targets:
        """The pods that the words or the selector name."""
        from kubectl_podx.capture.targets import Targets

        return Targets(
            words=self.words,
            selector=self.selector,
            field_selector=self.field_selector or "",
            all_namespaces=self.all_namespaces,
        )

    def longest_wait(self) -> float:
        """Seconds that the deadline does not count: `--wait-start`, `wait`, a question to a
        person.
        """
        seconds = self.patience
        if self.debug_image and not self.yes:
            from kubectl_podx.capture.session import CONSENT_SECONDS

            seconds += CONSENT_SECONDS
        if self.wait_start:
            from kubectl_podx.capture.watch import LONGEST

            seconds += LONGEST
        return seconds

    @property
    def offline(self) -> bool:
        """Whether no cluster may be asked and no kubeconfig opened."""
        return any(x is not None for x in (self.from_file, self.manifest, self.recording))

    @property
    def format(self) -> str:
        """The format, where none was given: JSON for a query, else a table or text."""
        if self.output is not None:
            return (
                "table"
                if self.as_table and self.output == "text" and not self.query
                else self.output
            )
        if self.open_page:
            return "html"
        if self.query is not None:
            return "json"
        return "table" if self.as_table else "text"

    def check(self) -> None:
        """Contradictions, in kubectl's words where it has them."""
        if self.from_file is not None and self.manifest is not None:
            raise UsageError("--from and --filename cannot be used together")
        if self.selector is not None and self.words:
            raise UsageError("name cannot be provided when a selector is specified")
        if self.selector is not None and self.offline:
            raise UsageError("--selector asks a cluster; with --from or -f, name the pods instead")
        if self.all_namespaces and self.words:
            raise UsageError("a resource cannot be retrieved by name across all namespaces")
        if self.all_namespaces and self.selector is None and not self.offline:
            raise UsageError("--all-namespaces needs --selector")
        self._check_live()
        if self.open_page and (self.format != "html" or self.query is not None):
            raise UsageError("--open shows the page of -o html, and nothing else")
        if self.query is not None and self.format not in ("json", "yaml", "table", "text"):
            raise UsageError(f"--query prints json, yaml, table or text, not {self.format}")
        if self.query is not None:
            from kubectl_podx.render.jmes import parse

            # Before a cluster is asked: a typing mistake costs no look.
            parse(self.query)

    def _check_live(self) -> None:
        """Flags that want a live pod, or one another."""
        if self.watch:
            self._check_watch()
        elif self.exec:
            raise UsageError("--exec is only for --watch: other commands always use exec")
        if self.force_exec and self.no_exec:
            raise UsageError("--force-exec and --no-exec cannot be used together")
        if self.force_exec and self.offline:
            raise UsageError("--force-exec needs a live pod")
        if self.wait_start:
            self._check_wait()
        self._check_debug()
        if self.run_probes and self.offline:
            raise UsageError("--run-probes needs a live pod")
        if self.run_probes and self.sections and "probes" not in self.sections:
            raise UsageError("--run-probes goes with describe and probes")
        if self.reveal:
            self._check_reveal()

    def _check_debug(self) -> None:
        """One live pod: it is changed, so it is named."""
        if self.debug_image is None:
            if self.yes:
                raise UsageError(f"--yes is only for --debug-image (or {_DEBUG_IMAGE})")
            return
        from kubectl_podx.capture.targets import Targets

        if not _IMAGE.fullmatch(self.debug_image):
            raise UsageError("--debug-image takes the name of an image, such as busybox:1.36")
        if self.offline:
            raise UsageError("--debug-image needs a live pod")
        if self.no_exec:
            raise UsageError("--debug-image needs an exec, which --no-exec forbids")
        if self.watch:
            raise UsageError("--watch and --debug-image cannot be used together")
        if self.selector is not None or not Targets(words=self.words).single:
            raise UsageError("--debug-image takes one POD")

    def _check_reveal(self) -> None:
        """Values go to a terminal, and into nothing that is kept or passed on by itself."""
        if self.offline:
            raise UsageError("--reveal needs a live pod: a bundle or a manifest holds no values")
        if self.query is not None or self.format not in ("text", "wide", "table"):
            raise UsageError(
                "--reveal prints text: a document such as that of -o json holds no secret value"
            )
        if self.sections and not {"environment", "files"} & set(self.sections):
            raise UsageError(
                "--reveal shows values of variables and of files: it goes with describe, env and "
                "files"
            )

    def _check_wait(self) -> None:
        """One live pod, and a look inside of it: else there is nothing to wait for."""
        from kubectl_podx.capture.targets import Targets

        if self.offline:
            raise UsageError("--wait-start needs a live pod")
        if self.no_exec:
            raise UsageError("--wait-start needs an exec, which --no-exec forbids")
        if self.selector is not None or not Targets(words=self.words).single:
            raise UsageError("--wait-start takes one POD")

    def _check_watch(self) -> None:
        """What goes on cannot be a page, and there is nothing to follow in a file."""
        if self.offline:
            raise UsageError("--watch follows live pods; a file does not change")
        if self.format in ("mermaid", "html", "junit", "sarif"):
            raise UsageError(
                f"--watch prints reports one after the other, which {self.format} is not"
            )
        given = {
            "--reveal": self.reveal,
            "--run-probes": self.run_probes,
            "--wait-start": self.wait_start,
            "--exit-code": self.exit_code,
        }
        for name, wanted in given.items():
            if wanted:
                raise UsageError(f"--watch and {name} cannot be used together")


def _debug_image(known: Mapping[str, Any], words: Sequence[str], env: Environment) -> str | None:
    """The image of `--debug-image`, else the variable's where the flag could stand and somebody
    can be asked, or has said yes already: a variable alone adds nothing.
    """
    given: str | None = known.get("debug_image")
    if given is not None or "debug_image" not in known:
        return given
    from kubectl_podx.capture.targets import Targets

    elsewhere = ("from_file", "manifest", "selector")
    can = Targets(words=tuple(words)).single and not (
        known.get("no_exec")
        or known.get("watch")
        or any(known.get(each) is not None for each in elsewhere)
    )
    return env.variables.get(_DEBUG_IMAGE) or None if can and _may_add(known, env) else None


def _may_add(known: Mapping[str, Any], env: Environment) -> bool:
    return bool(known.get("yes")) or env.asks()
