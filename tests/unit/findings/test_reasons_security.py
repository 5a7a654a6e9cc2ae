"""Reasons in securityContext and in volumes: who the program is, and where it writes to."""

from __future__ import annotations

from typing import Any

import pytest

from kit.reason_cases import because, config_map, looping, mounted, report_of
from kubectl_podx.sections.report import PodReport

READ_ONLY = "sh: can't create /tmp/pid: Read-only file system"
DENIED = "mkdir: can't create directory '/data/db': Permission denied"
DROP_ALL = {"capabilities": {"drop": ["ALL"]}}


def said(*lines: str, context: dict[str, Any] | None = None, **pod: Any) -> PodReport:
    spec = {**pod.pop("spec", {}), **({"securityContext": context} if context else {})}
    return report_of(looping(spec=spec, **pod), *lines)


def volume(name: str, **source: Any) -> list[dict[str, Any]]:
    return [{"name": name, **source}]


def test_a_read_only_root_is_the_reason() -> None:
    report = said("starting", READ_ONLY, context={"readOnlyRootFilesystem": True})
    assert because(report) == (
        "securityContext.readOnlyRootFilesystem is true, and no volume is mounted at /tmp"
    )
    assert report.verdict.codes == ["RST006", "SEC010"]


@pytest.mark.parametrize(
    "line",
    [
        "OSError: [Errno 30] Read-only file system: '/var/cache/app'",
        "Error: EROFS: read-only file system, mkdir '/var/cache/app'",
        'nginx: [emerg] mkdir() "/var/cache/app" failed (30: Read-only file system)',
    ],
)
def test_in_whatever_language(line: str) -> None:
    report = said(line, context={"readOnlyRootFilesystem": True})
    assert "no volume is mounted at /var/cache" in because(report)


def test_a_writable_root_is_no_reason() -> None:
    assert because(said(READ_ONLY)) == ""


def test_the_line_need_not_be_the_last() -> None:
    report = said(READ_ONLY, "shutting down", context={"readOnlyRootFilesystem": True})
    assert "readOnlyRootFilesystem" in because(report)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"configMap": {"name": "web"}}, "/etc/redis is ConfigMap web (volume c)"),
        ({"secret": {"secretName": "web"}}, "/etc/redis is Secret web (volume c)"),
        ({"projected": {"sources": []}}, "/etc/redis is projected volume c"),
        ({"image": {"reference": "x:1"}}, "images are always read-only"),
    ],
)
def test_what_the_kubelet_writes_is_read_only(source: dict[str, Any], words: str) -> None:
    line = "chown: /etc/redis/redis.conf: Read-only file system"
    pod = {"spec": mounted("c", "/etc/redis"), "volumes": volume("c", **source)}
    # The root file system is read-only, too: that is not where it writes to.
    assert words in because(said(line, context={"readOnlyRootFilesystem": True}, **pod))


def test_a_mount_that_may_only_be_read() -> None:
    claim = volume("d", persistentVolumeClaim={"claimName": "d"})
    line = "open /data/wal: read-only file system"
    report = said(line, spec=mounted("d", "/data", readOnly=True), volumes=claim)
    assert because(report).startswith("volumeMounts[0].readOnly is true for /data")
    assert because(said(line, spec=mounted("d", "/data"), volumes=claim)) == ""


def test_a_host_path_keeps_its_owner() -> None:
    report = said(
        DENIED,
        spec=mounted("d", "/data"),
        volumes=volume("d", hostPath={"path": "/srv/pg"}),
        securityContext={"runAsUser": 1001, "fsGroup": 1001},
    )
    assert "runs as user 1001 (securityContext.runAsUser: 1001)" in because(report)
    assert "hostPath /srv/pg (volume d)" in because(report)
    assert "fsGroup is not applied to hostPath" in because(report)


@pytest.mark.parametrize(
    ("group", "words"),
    [({}, "securityContext.fsGroup is not set"), ({"fsGroup": 5}, "was written by another user")],
)
def test_a_claim_of_another_user(group: dict[str, int], words: str) -> None:
    report = said(
        DENIED,
        spec=mounted("d", "/data"),
        volumes=volume("d", persistentVolumeClaim={"claimName": "d"}),
        securityContext={"runAsUser": 1001, **group},
    )
    assert words in because(report)


def test_a_folder_of_the_image() -> None:
    assert "/data/db or its folder belongs to another user in the image" in because(
        said(DENIED, context={"runAsUser": 1001})
    )


def test_nobody_knows_the_user_of_the_image() -> None:
    assert because(said(DENIED)) == ""


def test_root_without_override() -> None:
    assert "without DAC_OVERRIDE" in because(said(DENIED, context={"runAsUser": 0, **DROP_ALL}))


@pytest.mark.parametrize(
    ("line", "context", "words"),
    [
        ("chown: /tmp/f: Operation not permitted", DROP_ALL, "takes capability CHOWN"),
        ("chown: /tmp/f: Operation not permitted", {"runAsUser": 7}, "runs as user 7"),
        ("su-exec: setgroups(101): Operation not permitted", DROP_ALL, "takes capability SETGID"),
        ("iptables: Permission denied (you must be root)", {}, "add does not name it"),
        ("mount: /x: operation not permitted", {}, "takes capability SYS_ADMIN"),
        ("open: operation not permitted", DROP_ALL, "capabilities.drop has ALL"),
    ],
)
def test_a_capability_that_is_missing(line: str, context: dict[str, Any], words: str) -> None:
    assert words in because(said(line, context=context))


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"privileged": True, **DROP_ALL},
        {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}},
        {"capabilities": {"drop": ["NET_RAW"]}},
    ],
)
def test_a_capability_that_is_there(context: dict[str, Any]) -> None:
    assert because(said("chown: /tmp/f: Operation not permitted", context=context)) == ""


@pytest.mark.parametrize(
    ("line", "more", "words"),
    [
        ("httpd: bind: Permission denied", {}, "a port below 1024 takes"),
        ("httpd: bind: Permission denied", {"ports": [{"containerPort": 81}]}, "port 81 takes"),
        ("listen tcp :80: bind: permission denied", {}, "port 80 takes"),
    ],
)
def test_a_low_port(line: str, more: dict[str, Any], words: str) -> None:
    report = said(line, spec=more, context={"runAsUser": 1000, **DROP_ALL})
    assert words in because(report)
    assert "runs as user 1000" in because(report)


def test_a_high_port_is_another_matter() -> None:
    line = "listen tcp :8080: bind: permission denied"
    assert because(said(line, context={"runAsUser": 1000})) == ""


@pytest.mark.parametrize(
    ("context", "mode", "words"),
    [
        ({"fsGroup": 26}, 0o400, "fsGroup 26 makes the file readable for that group: mode 0440"),
        ({}, 0o644, "has the mode 0644 (volumes[0].secret.defaultMode)"),
    ],
)
def test_a_key_that_others_may_read(context: dict[str, int], mode: int, words: str) -> None:
    report = said(
        'FATAL:  private key file "/tls/tls.key" has group or world access',
        spec=mounted("t", "/tls"),
        volumes=volume("t", secret={"secretName": "tls", "defaultMode": mode}),
        securityContext=context,
    )
    assert words in because(report)


def test_sudo_without_escalation() -> None:
    line = 'sudo: The "no new privileges" flag is set'
    assert "allowPrivilegeEscalation is false" in because(
        said(line, context={"allowPrivilegeEscalation": False})
    )
    assert because(said(line)) == ""


def test_shared_memory_has_its_size() -> None:
    line = 'could not resize shared memory segment "/PostgreSQL.2": No space left on device'
    assert because(said(line)).startswith("/dev/shm has 64 MiB")
    shm = volume("s", emptyDir={"medium": "Memory", "sizeLimit": "1Mi"})
    full = "write /dev/shm/x: no space left on device"
    found = said(full, spec=mounted("s", "/dev/shm"), volumes=shm)
    assert "volumes[0].emptyDir.sizeLimit is 1Mi" in because(found)


def test_a_pod_that_is_well_has_no_reason() -> None:
    body = looping(spec={"securityContext": {"readOnlyRootFilesystem": True}})
    status = body["status"]["containerStatuses"][0]
    del status["lastState"]
    status.update(ready=True, restartCount=0, state={"running": {}})
    report = report_of(body, READ_ONLY, previous=False)
    assert not [f for f in report.findings or () if f.code == "SEC010"]


def test_a_config_map_in_the_same_place_is_named_once() -> None:
    line = "chown: /etc/redis/redis.conf: Read-only file system"
    body = looping(spec=mounted("c", "/etc/redis"), volumes=volume("c", configMap={"name": "web"}))
    report = report_of(body, line, objects=[config_map("web", redis__conf="port 1")])
    assert report.verdict.summary.count("ConfigMap web") == 1


def test_a_line_without_a_path_is_about_the_only_volume() -> None:
    line = 'Error: Os { code: 13, kind: PermissionDenied, message: "Permission denied" }'
    pod: dict[str, Any] = {"securityContext": {"runAsUser": 1001}}
    claim = volume("d", persistentVolumeClaim={"claimName": "d"})
    assert "PersistentVolumeClaim d (volume d)" in because(
        said(line, spec=mounted("d", "/data"), volumes=claim, **pod)
    )
    assert because(said(line, **pod)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "sysctl: error setting key 'net.core.somaxconn': Read-only file system",
        "sh: can't create /proc/sys/net/core/somaxconn: Read-only file system",
    ],
)
def test_a_kernel_setting(line: str) -> None:
    assert because(said(line)).startswith("/proc/sys may only be read")
    assert because(said(line, context={"privileged": True})) == ""


def test_a_folder_is_named_as_the_program_does() -> None:
    line = "touch: /var/run/app.pid: Read-only file system"
    report = said(line, context={"readOnlyRootFilesystem": True})
    assert because(report).endswith("no volume is mounted at /var/run")


def test_the_token_is_not_what_a_program_writes_to() -> None:
    line = "write failed: Read-only file system"
    token = mounted("kube-api-access-x", "/var/run/secrets/kubernetes.io/serviceaccount")
    projected = volume("kube-api-access-x", projected={"sources": []})
    assert because(said(line, spec=token, volumes=projected)) == ""


def test_a_seccomp_profile_that_the_node_has_not() -> None:
    message = (
        'failed to create containerd container: cannot load seccomp profile "/var/lib/kubelet/'
        'seccomp/profiles/audit.json": open /var/lib/kubelet/seccomp/profiles/audit.json: no such '
        "file or directory"
    )
    profile = {"type": "Localhost", "localhostProfile": "profiles/audit.json"}
    body = looping(spec={"securityContext": {"seccompProfile": profile}})
    body["status"]["containerStatuses"][0] = {
        "name": "app",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": "CreateContainerError", "message": message}},
    }
    assert because(report_of(body)) == (
        "securityContext.seccompProfile.localhostProfile is profiles/audit.json, and node n1 has "
        "no such file"
    )
