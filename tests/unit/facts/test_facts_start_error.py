"""Why a container could not start: what a real containerd 2.4, CRI-O 1.34 and runc 1.5 said."""

from __future__ import annotations

import pytest

from kubectl_podx.pod.start_error import innermost, start_failure, start_was_refused

WRAPPED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: "
)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            (
                "error during container init: error setting cgroup config for procHooks process: "
                "unable to set memory limit to 1048576 (current usage: 3424256, peak usage: 3571)"
            ),
            "its memory limit of 1048576 bytes is less than the 3424256 bytes",
        ),
        (
            "container init was OOM-killed (memory limit too low?)",
            "its own init died of an OOM kill: its memory was used up, or the limit is too low",
        ),
        (
            'failed to start containerd task "f792": cannot start a stopped process',
            "its own init died before it was started",
        ),
        # On cgroup v2 runc does not see why its init is gone.
        ("error during container init: procReady not received", "its own init died as it started"),
        (
            "error sending config to init process: write init-p: broken pipe",
            "its own init died as it started",
        ),
        ("error during container init: mkdir /etc/passwd: not a directory", "'/etc/passwd'"),
        ("error during container init: something new", "something new"),
    ],
)
def test_the_reason_in_plain_words(message: str, words: str) -> None:
    said = start_failure(WRAPPED + message)
    assert words in said
    assert "shim" not in said


@pytest.mark.parametrize(
    ("message", "paths", "words"),
    [
        (
            'exec: "/bin/httpd": stat /bin/httpd: no such file or directory',
            ["/bin"],
            '"/bin/httpd" does not exist: volume v0 is mounted at /bin, over what the image has',
        ),
        (
            'exec: "/opt/a/b/run": stat /opt/a/b/run: no such file or directory',
            ["/opt", "/opt/a/", "/op"],
            "volume v1 is mounted at /opt/a,",
        ),
        (
            'exec: "server": executable file not found in $PATH',
            ["/usr/local/bin"],
            '"server" is not in the container\'s PATH: volume v0 is mounted at /usr/local/bin',
        ),
        (
            'exec: "server": executable file not found in $PATH',
            ["/data"],
            '"server" is not in the image\'s PATH',
        ),
        (
            'exec: "/srv/run": stat /srv/run: no such file or directory',
            ["/srv2", "/srv/run"],
            '"/srv/run" does not exist in the image',
        ),
    ],
)
def test_a_mount_may_hide_what_the_image_has(message: str, paths: list[str], words: str) -> None:
    mounts = [{"name": f"v{i}", "mountPath": path} for i, path in enumerate(paths)]
    assert words in start_failure(WRAPPED + message, {"volumeMounts": mounts})


def test_the_declared_path_is_where_programs_are_looked_for() -> None:
    message = WRAPPED + 'exec: "server": executable file not found in $PATH'
    mounts = [{"name": "tools", "mountPath": "/opt/tools"}]
    spec = {"volumeMounts": mounts, "env": [{"name": "PATH", "value": "/bin:/opt/tools"}]}
    assert "volume tools is mounted at /opt/tools" in start_failure(message, spec)


def test_the_innermost_error_is_what_the_last_wrapper_wraps() -> None:
    assert innermost(WRAPPED + "no such device") == "no such device"
    assert innermost("no wrapper at all") == "no wrapper at all"


def logged(said: str) -> str:
    """As CRI-O 1.34 hands on what runc 1.5 wrote to its log."""
    quoted = said.replace('"', '\\"')
    return f'time="2026-11-29T21:06:00Z" level=error msg="{quoted}"\n'


RUNC = "runc create failed: unable to start container process: error during container init: "
MERGED = "/var/lib/containers/storage/overlay/29e13927281326be3bfd4ad4db61/merged"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            RUNC + 'exec: "/opt/server": stat /opt/server: no such file or directory',
            '"/opt/server" does not exist in the image',
        ),
        (
            RUNC + 'exec: "server": executable file not found in $PATH',
            '"server" is not in the image\'s PATH',
        ),
        (
            RUNC + 'exec: "/etc/passwd": permission denied',
            '"/etc/passwd" may not be executed (permission denied)',
        ),
        (RUNC + 'exec: "/etc": is a directory', '"/etc" is a directory'),
        (
            RUNC + 'error mounting "/var/lib/kubelet/pods/4055/volumes/kubernetes.io~empty-dir/e" '
            'to rootfs at "/etc/passwd": mount src=/var/lib/kubelet/pods/4055/volumes/'
            "kubernetes.io~empty-dir/e, dst=/etc/passwd, dstFd=/proc/thread-self/fd/16, "
            "flags=MS_BIND|MS_REC: not a directory",
            "at /etc/passwd a file is mounted over a directory, or a directory over a file",
        ),
        (
            RUNC + 'error mounting "/var/lib/kubelet/pods/4c3d/volumes/kubernetes.io~empty-dir/e" '
            'to rootfs at "/proc/x": create mountpoint for /proc/x mount: make mountpoint '
            f'"/proc/x": mkdirat {MERGED}/proc/x: no such file or directory',
            "nothing can be mounted at /proc/x: no such file or directory",
        ),
    ],
)
def test_what_crio_hands_on_from_runc(message: str, words: str) -> None:
    whole = f"container create failed: {logged(message)}"
    assert start_failure(whole) == words
    assert start_was_refused(whole)


@pytest.mark.parametrize(
    ("message", "words", "refused"),
    [
        (
            f"mkdir {MERGED}/etc/passwd: not a directory",
            "its working directory '/etc/passwd' cannot be entered",
            True,
        ),
        (
            "set memory limit 1048576 too low; should be at least 12582912 bytes",
            (
                "its memory limit of 1048576 bytes is less than the 12582912 bytes "
                "that the runtime demands"
            ),
            True,
        ),
        (
            "error reading container (probably exited) json message: EOF",
            "CRI-O's monitor of it (conmon) died, as it does where the pod's memory is used up",
            True,
        ),
        (
            (
                "setup seccomp: unable to load local profile "
                '"/var/lib/kubelet/seccomp/nowhere.json": open '
                "/var/lib/kubelet/seccomp/nowhere.json: no such file or directory"
            ),
            "the node has no seccomp profile /var/lib/kubelet/seccomp/nowhere.json",
            False,
        ),
        (
            'ImageVolumeMountFailed: sub path "no/such" does not exist in image volume "7aa139f1"',
            "there is no no/such in the image of its volume",
            False,
        ),
        (
            "failed to mkdir /proc/nowhere: mkdir /proc/nowhere: no such file or directory",
            "the node has no /proc/nowhere, and it cannot be made",
            False,
        ),
        (
            'unknown capability "CAP_NOSUCH" to add',
            'unknown capability "CAP_NOSUCH" to add',
            False,
        ),
        (
            'path "/tmp" is mounted on "/" but it is not a shared mount',
            'path "/tmp" is mounted on "/" but it is not a shared mount',
            False,
        ),
    ],
)
def test_what_crio_says_itself(message: str, words: str, refused: bool) -> None:
    assert start_failure(message) == words
    assert start_was_refused(message) == refused


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            (
                'failed to generate container "b55bd0416c9c" spec: failed to generate spec: '
                'failed to mkdir "/proc/nowhere": mkdir /proc/nowhere: no such file or directory'
            ),
            "the node has no /proc/nowhere, and it cannot be made",
        ),
        (
            (
                "failed to mount image volume: ImageVolumeMountFailed: failed to ensure image "
                'subpath "no/such" in "/run/containerd/image-volumes/37e0": openat no/such: '
                "no such file or directory"
            ),
            "there is no no/such in the image of its volume",
        ),
        (
            (
                'failed to generate container "076d111df3d4" spec: failed to generate spec: path '
                '"/tmp" is mounted on "/" but it is not a shared mount'
            ),
            'path "/tmp" is mounted on "/" but it is not a shared mount',
        ),
        (
            (
                "failed to create containerd container: cannot load seccomp profile "
                '"/var/lib/kubelet/seccomp/nowhere.json": open '
                "/var/lib/kubelet/seccomp/nowhere.json: no such file or directory"
            ),
            "the node has no seccomp profile /var/lib/kubelet/seccomp/nowhere.json",
        ),
    ],
)
def test_what_containerd_says_itself(message: str, words: str) -> None:
    assert start_failure(message) == words
    assert not start_was_refused(message)


@pytest.mark.parametrize("after", ["", ', message: ""'])
def test_an_exec_that_crio_could_not_run(after: str) -> None:
    runc = logged(
        'exec failed: unable to start container process: exec: "/no/probe": stat /no/probe: no '
        "such file or directory"
    )
    said = f"command error: {runc}, stdout: , stderr: , exit code -1{after}"
    message = f"rpc error: code = Unknown desc = {said}"
    assert start_failure(message) == '"/no/probe" does not exist in the image'
    assert innermost(message) == 'exec: "/no/probe": stat /no/probe: no such file or directory'


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            (
                "failed to create pod network sandbox k8s_cni4_ex_5648505c-50f9_0(10e7883ee307): "
                'error adding pod ex_cni4 to CNI network "net": plugin type="bridge" failed '
                "(add): no range"
            ),
            (
                'error adding pod ex_cni4 to CNI network "net": plugin type="bridge" failed (add): '
                "no range"
            ),
        ),
        (
            (
                "failed to pin namespaces [0x18accea88870 0x18accea888d0]: [pinns:w]: failed to "
                "write to /proc/sys/net/ipv4/ip_unprivileged_port_start: Invalid argument\n"
                "[pinns:e]: Failed to configure sysctls after unshare: Invalid argument\n"
                " exit status 1"
            ),
            "failed to write to /proc/sys/net/ipv4/ip_unprivileged_port_start: Invalid argument",
        ),
    ],
)
def test_a_sandbox_that_crio_could_not_make(message: str, words: str) -> None:
    assert innermost(f"rpc error: code = Unknown desc = {message}").startswith(words)
