"""What a decision gives: cause, confidence, predicate and evidence; and what an exit code says."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.words import Confidence, EvidenceSource, RestartCause

SIGNALS: dict[int, str] = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    10: "SIGUSR1",
    11: "SIGSEGV",
    12: "SIGUSR2",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
    24: "SIGXCPU",
    25: "SIGXFSZ",
    26: "SIGVTALRM",
    27: "SIGPROF",
    31: "SIGSYS",
}
"""Linux's numbers on the architectures that Kubernetes runs on."""

CRASHES = frozenset({132, 133, 134, 135, 136, 139, 159})
"""Exit codes of signals that a program brings upon itself: ILL TRAP ABRT BUS FPE SEGV SYS."""

OWN_DOING: dict[int, str] = {
    141: "a write to a pipe or socket that nobody reads any more",
    142: "an alarm that it had set itself",
    152: "its limit of CPU time (ulimit -t)",
    153: "its limit of a file's size (ulimit -f)",
    154: "a timer that it had set itself",
    155: "a timer that it had set itself",
}
"""Exit codes of signals that the kernel sends for what the process does itself."""

KILLS = frozenset({137, 143})
"""SIGKILL and SIGTERM: what the kubelet stops a container with."""

CRASH_MEANING: dict[int, str] = {
    132: "an illegal instruction: often an image built for another CPU",
    133: "a trap, as debuggers and some runtimes raise it",
    134: "abort(): an assertion, the C library or a runtime gave up",
    135: "a bad memory access, often a mapped file that was cut short or a full /dev/shm",
    136: "an arithmetic error such as a division by zero",
    139: "an access to memory that is not its own",
    159: "a system call that its seccomp profile forbids",
}


def signal_name(exit_code: int | None) -> str:
    """`SIGSEGV` for 139; empty for an exit code that names no signal."""
    return SIGNALS.get((exit_code or 0) - 128, "")


def stop_signal(exit_code: int | None) -> bool:
    """Whether the code is how a process ends that a stop signal ended: TERM, KILL, or an image's
    own STOPSIGNAL, which may be any signal that is no crash and not the process's own doing.
    """
    own = exit_code in CRASHES or exit_code in OWN_DOING
    return signal_name(exit_code) != "" and not own


def abort_may_end_so(exit_code: int | None) -> bool:
    """Whether abort() ends with this code as PID 1: the kernel spares it SIGABRT, and the C library
    then runs an instruction that is no legal one (hlt: SIGSEGV on x86, brk: SIGTRAP on arm64).
    """
    return exit_code in (139, 133)


class Conclusion(Struct, frozen=True):
    """The cause of one end."""

    cause: RestartCause
    confidence: Confidence
    predicate: str
    """`was killed by its liveness probe (…)`: the sentence without its subject."""
    evidence: tuple[Evidence, ...] = ()
    accounts: int = 1
    """How many ends like this one the evidence accounts for."""

    @property
    def hedged(self) -> str:
        """The predicate with as much certainty as there is. A fact of the status needs no hedge."""
        head, _, rest = self.predicate.partition(" ")
        # That the pod is deleted is a fact; what is not known is who wants that.
        if self.confidence == "proven" or self.cause == "deleted":
            return self.predicate
        if head not in ("was", "crashed"):
            return self.predicate
        if head == "crashed":
            likely = self.confidence == "likely"
            return f"probably {self.predicate}" if likely else f"may have {self.predicate}"
        if self.confidence == "likely":
            return f"was probably {rest}"
        return f"may have been {rest}"


def fact(source: EvidenceSource, words: str, moment: datetime | None = None) -> Evidence:
    """One line of evidence."""
    return Evidence(source=source, text=words, time=format_time(moment) if moment else None)
