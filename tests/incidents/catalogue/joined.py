"""Ends that a field of the spec explains: files, their modes, owners, and what a program may do.

Each is a trouble that people reported; the verdict must name the field behind `likely because`.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from e2e.manifests import FOREVER, config_map, container, secret, shell
from e2e.support import Manifest
from incidents.catalogue.healthy import healthy
from incidents.incident import Expected, Incident, broken
from incidents.when import looping, refused

BECAUSE = "likely because"
EXECUTABLE = 0o755
DROP_ALL: dict[str, Any] = {"capabilities": {"drop": ["ALL"]}}


def because(
    name: str,
    story: str,
    *containers: Manifest,
    words: tuple[str, ...],
    codes: tuple[str, ...],
    cause: str = "exitCode",
    at_least: Any = "likely",
    never: tuple[str, ...] = (),
    until: Any = None,
    on: str = "app",
    **more: Any,
) -> Incident:
    """A container that loops for a reason which stands in the verdict."""
    return broken(
        name,
        story,
        *containers,
        until=until or looping(on, times=2),
        expected=Expected(
            cause, on, at_least=at_least, words=(BECAUSE, *words), codes=codes, never=never
        ),
        **more,
    )


def from_config_map(name: str, mode: int | None = EXECUTABLE) -> list[Manifest]:
    """The volume `c` of the ConfigMap of that name."""
    return [{"name": "c", "configMap": {"name": name, **({"defaultMode": mode} if mode else {})}}]


def at(path: str, volume: str = "c", **more: Any) -> dict[str, Any]:
    return {"volumeMounts": [{"name": volume, "mountPath": path, **more}]}


def program_of_arm() -> bytes:
    """The head of a program that is built for arm64."""
    head = (b"\x7fELF\x02\x01\x01", 2, 183, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return struct.pack("<16sHHIQQQIHHHHHH", *head) + bytes(64)


def script(name: str, story: str, text: str, **more: Any) -> Incident:
    """A script of a ConfigMap is the container's command."""
    run = container("app", command=["/scripts/run.sh"], **at("/scripts"))
    return because(
        name,
        story,
        run,
        objects=(config_map(name, {"run.sh": text}),),
        volumes=from_config_map(name, more.pop("mode", EXECUTABLE)),
        **more,
    )


FILES = (
    script(
        "why-script-of-windows",
        "the interpreter of a script with CR at its line ends does not exist "
        "(bodleian/iiif-static-choices#20, ericc-ch/copilot-api#137)",
        "#!/bin/sh\r\necho started\r\nsleep 1000\r\n",
        words=("/scripts/run.sh", "ends with a carriage return"),
        codes=("FIL020",),
    ),
    because(
        "why-script-of-windows-in-bash",
        "a shell that is told to read a script with CR finds no such command",
        shell("sleep 1; exec /scripts/run.sh", **at("/scripts")),
        objects=(
            config_map("why-script-of-windows-in-bash", {"run.sh": "#!/bin/sh\r\nsleep 9\r\n"}),
        ),
        volumes=from_config_map("why-script-of-windows-in-bash"),
        words=("ends with a carriage return",),
        codes=("FIL020",),
    ),
    script(
        "why-script-of-bash",
        "the image has no bash (node-problem-detector#553)",
        "#!/bin/bash\nsleep 1000\n",
        words=("#!/bin/bash, and the image has no such program",),
        codes=("FIL021",),
    ),
    script(
        "why-script-without-shebang",
        "a script without #! is no program (aquasecurity/tracee#2757)",
        "echo hi\nsleep 1000\n",
        words=("is a script without #! in its first line",),
        codes=("FIL022",),
    ),
    script(
        "why-script-mode",
        "a script of a ConfigMap has the mode 0644 (kubernetes/kubernetes#71356)",
        "#!/bin/sh\nsleep 1000\n",
        mode=None,
        cause="startError",
        until=refused(),
        words=("may not be executed", "volumes[0].configMap.defaultMode: 0644"),
        codes=("FIL023",),
    ),
    because(
        "why-script-mode-in-shell",
        "the same, started by a shell (kubernetes/kubernetes#33315)",
        shell("exec /scripts/run.sh", **at("/scripts")),
        objects=(config_map("why-script-mode-in-shell", {"run.sh": "#!/bin/sh\nsleep 9\n"}),),
        volumes=from_config_map("why-script-mode-in-shell", None),
        words=("may not be executed", "defaultMode: 0644"),
        codes=("FIL023",),
    ),
    because(
        "why-program-of-arm",
        "a program is built for another CPU (GoogleCloudPlatform/microservices-demo#2688)",
        container("app", command=["/opt/server"], **at("/opt")),
        objects=(
            config_map(
                "why-program-of-arm",
                {},
                binaryData={"server": base64.b64encode(program_of_arm()).decode()},
            ),
        ),
        volumes=from_config_map("why-program-of-arm"),
        words=("is a program for arm64", "is amd64"),
        codes=("FIL022",),
    ),
    because(
        "why-folder-hidden",
        "a ConfigMap mounted over a folder of the image hides the rest of it "
        "(kubernetes/kubernetes#44815, 0xERR0R/blocky#877)",
        shell("sleep 1; cat /srv/app/index.html", **at("/srv/app")),
        objects=(config_map("why-folder-hidden", {"app.conf": "a=1"}),),
        volumes=from_config_map("why-folder-hidden", None),
        words=("is mounted at /srv/app and has no /srv/app/index.html",),
        codes=("FIL024",),
    ),
    because(
        "why-sub-path-without-key",
        "subPath names a key that the ConfigMap has not (kubernetes-sigs/kustomize#2202)",
        shell(
            "sleep 1; cat /app/config.toml > /dev/null",
            **at("/app/config.toml", subPath="config.toml"),
        ),
        objects=(config_map("why-sub-path-without-key", {"staging-config.toml": "a=1"}),),
        volumes=from_config_map("why-sub-path-without-key", None),
        words=("volumeMounts[0].subPath names config.toml", "is an empty folder"),
        codes=("FIL025",),
    ),
)

PERMISSIONS = (
    because(
        "why-etc-is-a-map",
        "a ConfigMap over /etc leaves the kubelet no place for its own hosts file",
        shell(**at("/etc")),
        objects=(config_map("why-etc-is-a-map", {"app.conf": "a=1"}),),
        volumes=from_config_map("why-etc-is-a-map", None),
        until=refused(),
        cause="startError",
        words=("/etc is ConfigMap why-etc-is-a-map (volume c)", "always read-only"),
        codes=("VOL020",),
    ),
    because(
        "why-read-only-root",
        "the program writes to /tmp of a read-only root (cybozu-go/neco#730)",
        shell(
            "sleep 1; echo x > /tmp/pid || exit 1",
            securityContext={"readOnlyRootFilesystem": True},
        ),
        words=("securityContext.readOnlyRootFilesystem is true", "no volume is mounted at /tmp"),
        codes=("SEC010",),
    ),
    because(
        "why-read-only-config-map",
        "an entrypoint changes the owner of a ConfigMap's file (helm/charts#5438)",
        shell("chown -R 999:999 /etc/redis || exit 1", **at("/etc/redis")),
        objects=(config_map("why-read-only-config-map", {"redis.conf": "port 6379"}),),
        volumes=from_config_map("why-read-only-config-map", None),
        words=("ConfigMap why-read-only-config-map (volume c)", "always read-only"),
        codes=("VOL020",),
    ),
    because(
        "why-read-only-mount",
        "a volume that is mounted readOnly is written to",
        shell("sleep 1; mkdir /data/x", **at("/data", readOnly=True)),
        volumes=[{"name": "c", "emptyDir": {}}],
        words=("volumeMounts[0].readOnly is true for /data",),
        codes=("VOL020",),
    ),
    because(
        "why-host-path-owner",
        "fsGroup is not applied to hostPath (bitnami/charts#1210, cloudnative-pg#7216)",
        shell(
            "sleep 1; mkdir /bitnami/postgresql/data || exit 1",
            **at("/bitnami/postgresql"),
        ),
        securityContext={"runAsUser": 1001, "fsGroup": 1001},
        volumes=[
            {
                "name": "c",
                "hostPath": {"path": "/tmp/podx-why-host-path", "type": "DirectoryOrCreate"},
            }
        ],
        words=("runs as user 1001", "fsGroup is not applied to hostPath"),
        codes=("SEC011",),
    ),
    because(
        "why-folder-of-the-image",
        "a user writes to a folder of the image that is root's",
        shell("sleep 1; touch /etc/app.pid", securityContext={"runAsUser": 1000}),
        words=("runs as user 1000", "/etc/app.pid or its folder belongs to another user"),
        codes=("SEC011",),
    ),
    because(
        "why-files-of-init",
        "an init container wrote as root what the program's user must write to",
        shell(
            "sleep 1; echo 1 > /data/db/lock", securityContext={"runAsUser": 1000}, **at("/data")
        ),
        initContainers=[shell("mkdir -p /data/db && chmod 755 /data/db", "setup", **at("/data"))],
        volumes=[{"name": "c", "emptyDir": {}}],
        words=("runs as user 1000", "securityContext.fsGroup is not set"),
        codes=("SEC011",),
    ),
    because(
        "why-secret-of-root",
        "a Secret of mode 0400 is root's, and the program is not",
        shell("sleep 1; cat /tls/key", securityContext={"runAsUser": 1000}, **at("/tls")),
        objects=(secret("why-secret-of-root", {"key": "a long enough secret"}),),
        volumes=[
            {"name": "c", "secret": {"secretName": "why-secret-of-root", "defaultMode": 0o400}}
        ],
        words=("mode 0400 and belongs to root", "defaultMode: 0400"),
        codes=("FIL023",),
    ),
    because(
        "why-chown-dropped",
        "chown without capabilities (rwlove/home-ops#11143, nself-org/cli#276)",
        shell("sleep 1; touch /tmp/f; chown 101 /tmp/f || exit 1", securityContext=DROP_ALL),
        words=("takes capability CHOWN", "securityContext.capabilities.drop has ALL"),
        codes=("SEC012",),
    ),
    because(
        "why-iptables-dropped",
        "an injected init container needs NET_ADMIN, which was taken from it (istio/istio#16481)",
        shell(),
        initContainers=[
            shell(
                "sleep 1; echo 'iptables-restore: unable to initialize table nat: Permission "
                "denied (you must be root)'; exit 1",
                "istio-init",
                securityContext=DROP_ALL,
            )
        ],
        on="istio-init",
        words=("istio-init", "takes capability NET_ADMIN"),
        codes=("SEC012",),
    ),
    because(
        "why-chown-as-user",
        "chown as a user that is not root",
        shell(
            "sleep 1; touch /tmp/f; chown 101 /tmp/f || exit 1",
            securityContext={"runAsUser": 1000},
        ),
        words=("takes capability CHOWN", "runs as user 1000"),
        codes=("SEC012",),
    ),
    because(
        "why-port-80",
        "a user binds port 80 (hjacobs/kube-resource-report#146)",
        container(
            "app",
            command=["httpd", "-f", "-vv", "-p", "80"],
            securityContext={"runAsUser": 1000, **DROP_ALL},
        ),
        securityContext={
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "1024"}]
        },
        words=("takes capability NET_BIND_SERVICE", "runs as user 1000"),
        codes=("SEC013",),
    ),
    because(
        "why-no-token",
        "the program needs the account's token (bitnami/sealed-secrets#1161)",
        shell("sleep 1; cat /var/run/secrets/kubernetes.io/serviceaccount/token || exit 2"),
        words=("automountServiceAccountToken is false",),
        codes=("TOK010",),
    ),
    because(
        "why-forbidden",
        "the account may not list pods (vmware-archive/kubewatch#95)",
        shell(
            'sleep 1; NS=$(cat /ns/namespace); echo "E0101 12:00:00.000000 1 reflector.go:205] '
            'Failed to list *v1.Pod: pods is forbidden: User \\"system:serviceaccount:$NS:default'
            '\\" cannot list resource \\"pods\\" in API group \\"\\" at the cluster scope"; '
            "exit 1",
            **at("/ns"),
        ),
        volumes=[
            {
                "name": "c",
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
                    ]
                },
            }
        ],
        words=("no Role allows ServiceAccount", "to list pods at the cluster scope"),
        codes=("TOK011",),
    ),
)

INCIDENTS = (*FILES, *PERMISSIONS)
HEALTHY = (
    healthy(
        "fine-read-only-root",
        "a read-only root, and a program that goes round it",
        shell(
            f"echo 'open /tmp/pid: Read-only file system, trying /run'; {FOREVER}",
            securityContext={"readOnlyRootFilesystem": True},
        ),
    ),
)
