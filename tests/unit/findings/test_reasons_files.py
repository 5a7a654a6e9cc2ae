"""Reasons in mounted files: what they begin with, their mode, and what a mount hides."""

from __future__ import annotations

from typing import Any

import pytest

from kit.reason_cases import because, config_map, looping, mounted, report_of, secret
from kubectl_podx.capture.formats import Format, format_of
from kubectl_podx.model.capture import KeyFacts, StoredObject
from kubectl_podx.model.reference import Reference
from kubectl_podx.sections.report import PodReport

GONE = "exec /scripts/run.sh: no such file or directory"
FORMAT = "exec /scripts/run.sh: exec format error"
REFUSED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc "
    "create failed: unable to start container process: error during container init: exec: "
    '"/scripts/run.sh": permission denied'
)


def facts(**more: Any) -> KeyFacts:
    return KeyFacts(**{"digest": "sha256:1", "interpreter": "/bin/sh", **more})


def said(
    *lines: str, key: KeyFacts | None = None, mode: int | None = 0o755, **pod: Any
) -> PodReport:
    """The script /scripts/run.sh of a ConfigMap is started."""
    source = {"name": "web", **({} if mode is None else {"defaultMode": mode})}
    spec = {"command": ["/scripts/run.sh"], **mounted("s", "/scripts"), **pod.pop("spec", {})}
    body = looping(spec=spec, volumes=[{"name": "s", "configMap": source}], **pod)
    return report_of(body, *lines, objects=[config_map("web", run__sh=key or facts())])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"#!/bin/sh\r\necho\r\n", Format("/bin/sh", True)),
        (b"#!/usr/bin/env bash\n", Format("/usr/bin/env bash")),
        (b"#! /bin/bash -e\necho", Format("/bin/bash -e")),
        (b"echo hi\n", Format()),
        (b"echo hi\r\necho\r\n", Format(carriage_return=True)),
        (b"\x7fELF\x02\x01" + b"\0" * 12 + b"\xb7\x00", Format(machine="arm64")),
        (b"\x7fELF\x02\x01" + b"\0" * 12 + b"\x3e\x00", Format(machine="amd64")),
        (b"\x7fELF\x02\x02" + b"\0" * 12 + b"\x00\x16", Format(machine="s390x")),
        (b"\x7fELF\x02\x01" + b"\0" * 12 + b"\xff\xff", Format(machine="an unknown machine")),
        (b"MZ\x90", Format(machine="another system")),
        (b"\x7fELF", Format()),
        (b"", Format()),
        (b"#!/bin/sh -c 'hunter2'\n", Format()),
    ],
)
def test_the_first_bytes_tell(value: bytes, told: Format) -> None:
    assert format_of(value) == told


def test_a_script_of_windows() -> None:
    report = said(GONE, key=facts(carriage_return=True), code=255)
    assert because(report) == (
        "the first line of /scripts/run.sh (key run.sh of ConfigMap web) ends with a carriage "
        "return, as Windows writes it: /bin/sh with a carriage return at its end does not exist"
    )


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["bash", "/scripts/run.sh"], "/scripts/run.sh: line 2: $'\\r': command not found"),
        (["sh", "-c", "/scripts/run.sh"], "sh: /scripts/run.sh: not found"),
        (["sh", "-c", "exec /scripts/run.sh;"], "env: \u2018bash\\r\u2019: No such file"),
        (["/scripts/run.sh"], "/scripts/run.sh: /bin/sh^M: bad interpreter: No such file"),
    ],
)
def test_whoever_reads_it(command: list[str], line: str) -> None:
    report = said(line, key=facts(carriage_return=True), spec={"command": command})
    assert "ends with a carriage return" in because(report)


def test_an_interpreter_that_the_image_has_not() -> None:
    report = said(GONE, key=facts(interpreter="/bin/bash"), code=255)
    assert because(report).endswith("is #!/bin/bash, and the image has no such program")


def test_a_file_that_is_not_mounted_is_another_matter() -> None:
    assert because(said("exec /app/run.sh: no such file or directory", code=255)) == ""


def test_a_script_without_a_first_line() -> None:
    report = said(FORMAT, key=facts(interpreter=""), code=255)
    assert because(report).endswith("is a script without #! in its first line")


def test_a_program_for_another_cpu() -> None:
    report = said(FORMAT, key=facts(interpreter="", machine="arm64"), code=255)
    assert because(report).endswith("is a program for arm64, and node n1 is amd64")


def test_a_program_of_the_image() -> None:
    report = said("exec /app/server: exec format error", code=255)
    assert "built for another CPU than the node's (amd64)" in because(report)


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_mode_without_execution(mode: int | None) -> None:
    report = said(code=128, reason="StartError", message=REFUSED, mode=mode)
    assert because(report) == (
        "/scripts/run.sh has the mode 0644 and may not be executed "
        "(volumes[0].configMap.defaultMode: 0644)"
    )
    assert report.verdict.codes == ["RST010", "FIL023"]


def test_a_shell_says_so_too() -> None:
    report = said("sh: /scripts/run.sh: Permission denied", mode=0o644, code=126)
    assert "may not be executed" in because(report)


def test_a_script_that_may_be_executed() -> None:
    assert because(said("sh: /scripts/run.sh: Permission denied", code=126)) == ""


def test_a_folder_of_the_image_is_hidden() -> None:
    report = said("open /scripts/mime.types: no such file or directory")
    assert because(report) == (
        "ConfigMap web (volume s) is mounted at /scripts and has no /scripts/mime.types: what the "
        "image has there is hidden"
    )
    (finding,) = [f for f in report.findings or () if f.code == "FIL024"]
    assert "it has: /scripts/run.sh" in finding.evidence


def test_a_file_elsewhere_is_not_hidden() -> None:
    assert because(said("open /etc/mime.types: no such file or directory")) == ""


@pytest.mark.parametrize(
    "line",
    [
        "cat: read error: Is a directory",
        "IsADirectoryError: [Errno 21] Is a directory: '/app/config.toml'",
        "open /app/config.toml/x: not a directory",
    ],
)
def test_a_sub_path_without_its_key(line: str) -> None:
    spec = mounted("c", "/app/config.toml", subPath="config.toml")
    body = looping(spec=spec, volumes=[{"name": "c", "configMap": {"name": "web"}}])
    report = report_of(body, line, objects=[config_map("web", staging__toml="a=1")])
    assert because(report) == (
        "volumeMounts[0].subPath names config.toml, which ConfigMap web does not have: "
        "/app/config.toml is an empty folder"
    )


def test_a_sub_path_with_its_key() -> None:
    spec = mounted("c", "/app/config.toml", subPath="config.toml")
    body = looping(spec=spec, volumes=[{"name": "c", "configMap": {"name": "web"}}])
    line = "cat: read error: Is a directory"
    assert because(report_of(body, line, objects=[config_map("web", config__toml="a=1")])) == ""


def test_whatever_a_shell_makes_of_a_script_of_windows() -> None:
    line = "/scripts/run.sh: 2: set: Illegal option -"
    spec = {"command": ["sh", "/scripts/run.sh"]}
    assert "ends with a carriage return" in because(
        said(line, key=facts(carriage_return=True), spec=spec)
    )
    assert because(said(line, spec=spec)) == ""
    # A configuration may have such line ends, and its program does not mind.
    config = facts(carriage_return=True, interpreter="")
    assert because(said("exit", key=config, spec={"command": ["app", "/scripts/run.sh"]})) == ""


MOUNTED = (
    "OCI runtime create failed: runc create failed: unable to start container process: "
    "error during container init: error mounting "
    '"/var/lib/kubelet/pods/u/volumes/kubernetes.io~configmap/c" to rootfs at "/etc/app.conf": '
    "mount src=/var/lib/kubelet, dst=/etc/app.conf: not a directory: Are you trying to mount a "
    "directory onto a file (or vice-versa)?"
)


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (
            {},
            (
                "volumeMounts[0] mounts all of ConfigMap web (volume c) at /etc/app.conf, which is "
                "a file in the image: subPath: app.conf mounts that one file"
            ),
        ),
        ({"subPath": "aap.conf"}, "volumeMounts[0].subPath names aap.conf, which ConfigMap web"),
        ({"subPath": "app.conf"}, ""),
    ],
)
def test_a_folder_where_the_image_has_a_file(mount: dict[str, str], words: str) -> None:
    body = looping(
        code=128,
        reason="StartError",
        message=MOUNTED,
        spec=mounted("c", "/etc/app.conf", **mount),
        volumes=[{"name": "c", "configMap": {"name": "web"}}],
    )
    report = report_of(body, objects=[config_map("web", app__conf="a")])
    assert because(report).startswith(words)
    assert bool(because(report)) == bool(words)


def test_the_mode_of_an_item_is_named_as_such() -> None:
    source = {"name": "web", "items": [{"key": "run.sh", "path": "run.sh", "mode": 0o600}]}
    body = looping(
        code=126,
        spec=mounted("s", "/scripts"),
        volumes=[{"name": "s", "configMap": source}],
    )
    line = "sh: /scripts/run.sh: Permission denied"
    report = report_of(body, line, objects=[config_map("web", run__sh="x")])
    assert "(volumes[0].configMap.items[].mode: 0600)" in because(report)


def with_secret(source: StoredObject, line: str) -> PodReport:
    """The Secret is mounted at /etc/NAME."""
    name = Reference.of_key(source.reference).name
    body = looping(
        spec=mounted("s", f"/etc/{name}"), volumes=[{"name": "s", "secret": {"secretName": name}}]
    )
    return report_of(body, line, objects=[source])


REFUSED_LOGIN = "FATAL: password authentication failed"


@pytest.mark.parametrize(
    ("told", "line", "words"),
    [
        ({"newline_at_end": True, "one_line": True}, REFUSED_LOGIN, True),
        (
            {"newline_at_end": True, "one_line": False},
            REFUSED_LOGIN,
            False,
        ),
        (
            {"newline_at_end": False, "one_line": True},
            REFUSED_LOGIN,
            False,
        ),
        ({"newline_at_end": True, "one_line": True}, "panic: index out of range", False),
    ],
)
def test_a_mounted_password_that_ends_with_a_line_break(
    told: dict[str, Any], line: str, words: bool
) -> None:
    report = with_secret(secret("db", password=KeyFacts(digest="hmac:1", **told)), line)
    assert ("/etc/db/password (key password of Secret db)" in because(report)) == words


EARLY = "x509: certificate has expired or is not yet valid: current time is before 2090-01-01"
LATE = "x509: certificate has expired or is not yet valid: current time is after 2020-01-01"


@pytest.mark.parametrize(
    ("line", "dates", "words"),
    [
        (EARLY, {"not_before": "2090-01-01T00:00:00Z"}, "is not valid before 2090-01-01T00:00:00Z"),
        (LATE, {"not_after": "2020-01-01T00:00:00Z"}, "expired at 2020-01-01T00:00:00Z"),
        (EARLY, {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}, ""),
        (LATE, {}, ""),
    ],
)
def test_a_mounted_certificate_that_is_not_valid_now(
    line: str, dates: dict[str, Any], words: str
) -> None:
    found = because(with_secret(secret("tls", tls__crt=KeyFacts(digest="hmac:1", **dates)), line))
    assert ("/etc/tls/tls.crt" in found and found.endswith(words)) if words else "tls" not in found
