"""Containers that cannot start: the runtime refuses, a source or the image is not there."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, config_map, container, secret, shell
from e2e.support import Bench, Manifest
from incidents.incident import Expected, Step, broken
from incidents.when import condition, ended, event, every, looping, refused, running, waiting

RESTRICTED = {"limits": {"memory": "1Mi"}}


def blocked(*words: str, **more: Any) -> Expected:
    """Nothing of it has ended: it never started."""
    return Expected(None, words=words, **more)


def from_config_map(name: str, key: str = "level", *, kind: str = "configMapKeyRef") -> Any:
    return {"env": [{"name": "LEVEL", "valueFrom": {kind: {"name": name, "key": key}}}]}


def delete_config_map(bench: Bench, pod: Manifest) -> None:
    bench.kubectl("delete", "configmap", f"{pod['metadata']['name']}-config")


def delete_secret(bench: Bench, pod: Manifest) -> None:
    bench.kubectl("delete", "secret", f"{pod['metadata']['name']}-login")


INCIDENTS = (
    broken(
        "start-missing-binary",
        "a command that the image does not have",
        container(command=["/app/server"]),
        until=every(refused(), event("Failed", "/app/server")),
        runtime_speaks=True,
        expected=Expected("startError", words=("/app/server",), at_least="proven"),
    ),
    broken(
        "start-not-executable",
        "a command that is a file without the right to be run",
        container(command=["/etc/passwd"]),
        until=refused(),
        runtime_speaks=True,
        expected=Expected("startError", words=("permission denied",), at_least="proven"),
    ),
    broken(
        "start-bad-working-directory",
        "a working directory that is a file",
        shell(workingDir="/etc/passwd"),
        until=refused(),
        runtime_speaks=True,
        expected=Expected("startError", words=("/etc/passwd",), at_least="proven"),
    ),
    broken(
        "start-init-oom",
        "so little memory that not even the runtime's own start fits",
        shell(resources=RESTRICTED),
        shell(name="neighbour", resources={"limits": {"memory": "64Mi"}}),
        until=refused(),
        runtime_speaks=True,
        expected=Expected("startError", words=("memory",)),
    ),
    broken(
        "sandbox-oom",
        "so little memory in the whole pod that its sandbox does not fit",
        shell(resources=RESTRICTED),
        until=event("FailedCreatePodSandBox", times=2),
        runtime_speaks=True,
        expected=blocked("sandbox", "memory", "limit"),
    ),
    broken(
        "start-folder-over-file",
        "a volume mounted where the image has a file",
        shell(volumeMounts=[{"name": "scratch", "mountPath": "/etc/passwd"}]),
        volumes=[{"name": "scratch", "emptyDir": {}}],
        until=refused(),
        runtime_speaks=True,
        expected=Expected("startError", words=("/etc/passwd", "mounted"), at_least="proven"),
    ),
    broken(
        "seccomp-profile-missing",
        "a seccomp profile that the node does not have",
        shell(
            securityContext={
                "seccompProfile": {"type": "Localhost", "localhostProfile": "nowhere.json"}
            }
        ),
        until=waiting("CreateContainerError"),
        runtime_speaks=True,
        expected=blocked("seccomp profile", "nowhere.json"),
    ),
    broken(
        "start-wrong-format",
        "a command that is no program of any kind: the kernel refuses it after the start",
        container(command=["/app/server"], volumeMounts=[{"name": "app", "mountPath": "/app"}]),
        objects=(config_map("start-wrong-format-app", {"server": "\u0001\u0002\n"}),),
        volumes=[
            {"name": "app", "configMap": {"name": "start-wrong-format-app", "defaultMode": 0o755}}
        ],
        until=looping(times=2),
        expected=Expected("exitCode", words=("255", "exec format error")),
    ),
    broken(
        "start-init-container",
        "an init container whose command is not there",
        shell(),
        initContainers=[container("setup", command=["/setup"])],
        until=refused("setup"),
        runtime_speaks=True,
        expected=Expected("startError", "setup", words=("setup", "/setup")),
    ),
    broken(
        "post-start-fails",
        "a postStart command that fails; the program ends 0 on TERM",
        shell(lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "exit 1"]}}}),
        until=every(ended(times=2), event("FailedPostStartHook")),
        expected=Expected("postStartHook", words=("postStart",)),
    ),
    broken(
        "post-start-http",
        "a postStart request that nobody answers; the program ignores TERM",
        shell(
            "while :; do sleep 1; done",
            lifecycle={"postStart": {"httpGet": {"path": "/warm", "port": 8080}}},
        ),
        until=every(ended(times=2), event("FailedPostStartHook")),
        expected=Expected("postStartHook", words=("postStart",)),
    ),
    broken(
        "config-map-missing",
        "an environment from a ConfigMap that is not there",
        shell(**from_config_map("nowhere")),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("nowhere"),
    ),
    broken(
        "secret-missing",
        "an environment from a Secret that is not there",
        shell(**from_config_map("nowhere", "password", kind="secretKeyRef")),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("nowhere"),
    ),
    broken(
        "key-missing",
        "an environment from a key that its ConfigMap does not have",
        shell(**from_config_map("key-missing-config", "levle")),
        objects=(config_map("key-missing-config", {"level": "info"}),),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("levle"),
    ),
    broken(
        "config-map-gone-after-exit",
        "the program ended 1 before; now its ConfigMap is gone and that keeps it down",
        shell("sleep 3; exit 1", **from_config_map("config-map-gone-after-exit-config")),
        objects=(config_map("config-map-gone-after-exit-config", {"level": "info"}),),
        steps=(Step(running(), delete_config_map),),
        until=every(ended(), event("Failed", "not found")),
        # The last exit is an older story: the verdict is about what blocks now.
        expected=Expected(
            "exitCode", words=("config-map-gone-after-exit-config", "does not exist")
        ),
    ),
    broken(
        "secret-gone-in-back-off",
        "the same with a Secret, seen while CrashLoopBackOff hides it",
        shell(
            "sleep 3; exit 1",
            **from_config_map("secret-gone-in-back-off-login", "password", kind="secretKeyRef"),
        ),
        objects=(secret("secret-gone-in-back-off-login", {"password": "x1y2z3"}),),
        steps=(Step(ended(), delete_secret),),
        until=every(event("Failed", "not found"), looping()),
        expected=Expected("exitCode", words=("secret-gone-in-back-off-login", "does not exist")),
    ),
    broken(
        "config-map-volume-missing",
        "a volume of a ConfigMap that is not there: ContainerCreating for ever",
        shell(volumeMounts=[{"name": "config", "mountPath": "/etc/app"}]),
        volumes=[{"name": "config", "configMap": {"name": "nowhere"}}],
        until=event("FailedMount", "nowhere"),
        expected=blocked("nowhere"),
    ),
    broken(
        "secret-volume-key-missing",
        "a volume of a Secret that lacks one of the keys it names",
        shell(volumeMounts=[{"name": "tls", "mountPath": "/tls"}]),
        objects=(secret("secret-volume-key-missing-tls", {"tls.crt": "x"}),),
        volumes=[
            {
                "name": "tls",
                "secret": {
                    "secretName": "secret-volume-key-missing-tls",
                    "items": [{"key": "tls.key", "path": "tls.key"}],
                },
            }
        ],
        until=event("FailedMount"),
        expected=blocked("tls", "key"),
    ),
    broken(
        "image-never",
        "an image that is not on the node, with pull policy Never",
        {"name": "app", "image": "podx.test/absent:1", "imagePullPolicy": "Never"},
        until=waiting("ErrImageNeverPull"),
        expected=blocked("podx.test/absent:1"),
    ),
    broken(
        "image-pull-refused",
        "an image whose registry does not answer",
        {"name": "app", "image": "127.0.0.1:1/absent:1"},
        until=every(event("BackOff", "pulling"), waiting("ImagePullBackOff")),
        runtime_speaks=True,
        expected=blocked("127.0.0.1:1/absent:1"),
    ),
    broken(
        "image-invalid-name",
        "an image name that is none",
        {"name": "app", "image": "Shop/APP:1"},
        until=waiting("InvalidImageName"),
        expected=blocked("Shop/APP:1"),
    ),
    broken(
        "init-image-never",
        "an init container whose image is not there: the app waits behind it",
        shell(),
        initContainers=[
            {"name": "setup", "image": "podx.test/absent:1", "imagePullPolicy": "Never"}
        ],
        until=waiting("ErrImageNeverPull", "setup"),
        expected=Expected(None, "setup", words=("setup", "podx.test/absent:1")),
    ),
    broken(
        "run-as-root-refused",
        "runAsNonRoot with an image that runs as root",
        shell(securityContext={"runAsNonRoot": True}),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("root"),
    ),
    broken(
        "run-as-root-contradicted",
        "runAsUser 0 beside runAsNonRoot (goharbor/harbor-operator#82)",
        shell(securityContext={"runAsUser": 0, "runAsNonRoot": True}),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("runAsUser is 0 although runAsNonRoot is set"),
    ),
    broken(
        "claim-missing",
        "a volume of a claim that is not there",
        shell(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "nowhere"}}],
        until=condition("PodScheduled", "False"),
        expected=blocked("nowhere"),
    ),
    broken(
        "host-path-missing",
        "a hostPath of type Directory that the node does not have",
        shell(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
        volumes=[{"name": "data", "hostPath": {"path": "/podx/absent", "type": "Directory"}}],
        until=event("FailedMount"),
        expected=blocked("data", "path"),
    ),
    broken(
        "one-of-two-cannot-start",
        "one container is fine, the other lacks its ConfigMap",
        shell(name="fine"),
        shell(FOREVER, **from_config_map("nowhere")),
        until=waiting("CreateContainerConfigError"),
        expected=blocked("app", "nowhere"),
    ),
)
