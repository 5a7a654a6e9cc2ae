"""podx on a system that is not this one, as far as it can be played here.

`make lint` has mypy read the program for Windows and macOS: a call that only POSIX has, outside of
a place that asks for the system first, is an error there. Here the roads of Windows are walked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kit.cluster_fakes import (
    PKI,
    FakeServer,
    Request,
    answer,
    make_api,
    server_context,
    status_body,
)
from kubectl_podx.cluster import ready
from kubectl_podx.cluster.errors import ClusterError

ROOT = Path(__file__).resolve().parents[3]

# What the standard library needs of this system is imported before the names are taken away.
PLAYED = textwrap.dedent(
    """
    import sys, os, select, signal, socket, ssl, subprocess, tempfile, threading, webbrowser
    import click, click.shell_completion, click.testing
    import http.client, pathlib, shlex, shutil, encodings.idna, encodings.utf_8, concurrent.futures
    for module, names in {
        os: "fork getuid geteuid getgid getegid setsid killpg memfd_create mkfifo getpgid uname "
            "sched_getaffinity geteuid openpty getloadavg wait4 nice chown O_NOFOLLOW O_NONBLOCK",
        signal: "SIGALRM setitimer ITIMER_REAL alarm SIGHUP SIGKILL SIGPIPE SIGCHLD SIGUSR1 pause",
        select: "poll epoll POLLIN POLLOUT",
        socket: "AF_UNIX",
    }.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    for name in ("fcntl", "termios", "tty", "pty", "resource", "pwd", "grp"):
        sys.modules[name] = None
    sys.platform = "win32"
    from kubectl_podx.cli.funnel import main
    sys.exit(main(sys.argv[1:]))
    """
)


def windows(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", PLAYED, *words],
        env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("demo",),
        ("demo", "-o", "json"),
        ("demo", "-o", "html"),
        ("explain", "--codes"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_what_asks_no_cluster_needs_nothing_of_posix(words: tuple[str, ...]) -> None:
    done = windows(*words, HOME="/nonexistent")
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert len(done.stdout.splitlines()) > 5


def test_a_cluster_is_asked_without_poll_and_alarm(tmp_path: Path) -> None:
    def serve(request: Request) -> bytes:
        if request.target.startswith("/version"):
            return answer(200, b'{"gitVersion":"v1.37.2"}')
        return status_body(404, "NotFound", 'pods "web" not found')

    with FakeServer(serve) as server:
        config = tmp_path / "config"
        config.write_text(
            json.dumps(
                {
                    "current-context": "c",
                    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [{"name": "c", "cluster": {"server": server.url}}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                }
            )
        )
        done = windows("describe", "web", KUBECONFIG=str(config), HOME=str(tmp_path))
        assert any("/pods/web" in request.target for request in server.requests)
    assert done.returncode == 1
    assert b'pods "web" not found' in done.stderr


@pytest.fixture
def by_select(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "wait", ready.wait_by_select)


@pytest.mark.usefixtures("by_select")
def test_tls_and_large_answers_come_through_select() -> None:
    body = json.dumps({"items": ["x" * 1000] * 2000}).encode()
    with FakeServer(lambda _: answer(200, body), server_context()) as server:
        api = make_api(server.url, certificate_authority=str(PKI / "authority.pem"))
        assert api.get("/big").body == body
        api.close()


@pytest.mark.usefixtures("by_select")
def test_a_refused_connection_is_told_through_select() -> None:
    with FakeServer(lambda _: None) as server:
        url = server.url
    api = make_api(url)
    with pytest.raises(ClusterError, match="refused"):
        api.get("/x")
    api.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_terminal_gets_every_character(encoding: str, tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "x"},
        "spec": {"containers": [{"name": "a", "image": "i"}]},
        "status": {"phase": "Failed", "reason": "Ünïcode✓", "message": "größer ✓"},
    }
    manifest = tmp_path / "pod.json"
    manifest.write_text(json.dumps(pod))
    done = subprocess.run(
        [sys.executable, "-m", "kubectl_podx", "describe", "-f", str(manifest)],
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding}, cwd=ROOT,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    seen = done.stdout.decode(encoding)
    assert ("✓" if encoding == "utf-8" else "\\u2713") in seen
