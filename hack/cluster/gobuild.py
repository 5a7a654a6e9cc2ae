"""Builds the Go binaries from the module proxy: one small generated module per upstream."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from console import ClusterError, step, tail
from versions import Versions

_GO_CANDIDATES = ("go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go")


@dataclass(frozen=True)
class Recipe:
    """One upstream module and the binaries that come out of it (name -> package)."""

    module: str
    version: str
    binaries: dict[str, str]
    version_variables: dict[str, str]
    tags: str = ""
    cgo: bool = False
    # Kubernetes' own go.mod points its staging modules at folders of its repository; in a
    # module of ours they must come from the proxy at the matching v0 version.
    staging_version: str = ""


def required(versions: Versions) -> list[Recipe]:
    kubernetes = "k8s.io/kubernetes"
    containerd = "github.com/containerd/containerd/v2"
    major, minor = versions.kubernetes_minor
    stamps: dict[str, str] = {}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        stamps |= {
            # Without the version the node calls itself v0.0.0-master.
            f"{package}.gitVersion": versions.kubernetes,
            f"{package}.gitMajor": major,
            f"{package}.gitMinor": minor,
        }
    commands = ("kube-apiserver", "kubelet", "kube-controller-manager", "kube-scheduler", "kubectl")
    return [
        Recipe(
            kubernetes,
            versions.kubernetes,
            {name: f"{kubernetes}/cmd/{name}" for name in commands}
            | {"agnhost": f"{kubernetes}/test/images/agnhost"},
            stamps,
            staging_version=versions.staging,
        ),
        Recipe(
            containerd,
            versions.containerd,
            {
                name: f"{containerd}/cmd/{name}"
                for name in ("containerd", "containerd-shim-runc-v2", "ctr")
            },
            {f"{containerd}/version.Version": versions.containerd},
        ),
        Recipe(
            "go.etcd.io/etcd/server/v3", versions.etcd, {"etcd": "go.etcd.io/etcd/server/v3"}, {}
        ),
        Recipe(
            "github.com/opencontainers/runc",
            versions.runc,
            {"runc": "github.com/opencontainers/runc"},
            {},
            tags="seccomp",
            cgo=True,
        ),
    ]


def extras(versions: Versions) -> list[Recipe]:
    krew, kwok = "sigs.k8s.io/krew", "sigs.k8s.io/kwok"
    return [
        Recipe(
            krew,
            versions.krew,
            {name: f"{krew}/cmd/{name}" for name in ("krew", "validate-krew-manifest")},
            {f"{krew}/internal/version.gitTag": versions.krew},
        ),
        Recipe(
            kwok,
            versions.kwok,
            {"kwok": f"{kwok}/cmd/kwok"},
            {f"{kwok}/pkg/consts.Version": versions.kwok},
        ),
    ]


def metrics(versions: Versions) -> list[Recipe]:
    server = "sigs.k8s.io/metrics-server"
    return [
        Recipe(
            server,
            versions.metrics_server,
            {"metrics-server": f"{server}/cmd/metrics-server"},
            {"k8s.io/component-base/version.gitVersion": versions.metrics_server},
        )
    ]


def find_go() -> str:
    for candidate in _GO_CANDIDATES:
        found = shutil.which(candidate)
        if found:
            return found
    raise ClusterError("no Go compiler found: install Go and put `go` on PATH")


def build(recipe: Recipe, binaries: Path, work: Path) -> None:
    """Builds what is missing. A binary appears under its name only when it is whole."""
    missing = {n: p for n, p in recipe.binaries.items() if not (binaries / n).exists()}
    if not missing:
        return
    go = find_go()
    module = work / recipe.module.replace("/", "_")
    module.mkdir(parents=True, exist_ok=True)
    log = module / "build.log"
    environment = os.environ | {
        "CGO_ENABLED": "1" if recipe.cgo else "0",
        # The build must not depend on what encloses the cache folder or on a person's settings.
        "GOWORK": "off",
        "GOFLAGS": "-mod=mod",
    }
    if not (module / "go.sum").exists():
        step(f"resolving {recipe.module} {recipe.version}")
        _write_module(go, recipe, module, environment)
        _run([go, "mod", "tidy"], module, environment, log)
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", _linker_flags(recipe)]
    if recipe.tags:
        flags += ["-tags", recipe.tags]
    for name, package in missing.items():
        step(f"building {name} {recipe.version}")
        unfinished = binaries / f".{name}.unfinished"
        _run([go, "build", *flags, "-o", str(unfinished), package], module, environment, log)
        unfinished.rename(binaries / name)


def _linker_flags(recipe: Recipe) -> str:
    stamps = [f"-X {variable}={value}" for variable, value in recipe.version_variables.items()]
    return " ".join(["-s -w", *stamps])


def _write_module(go: str, recipe: Recipe, module: Path, environment: dict[str, str]) -> None:
    lines = [f"module podx.test/{module.name}", f"require {recipe.module} {recipe.version}"]
    upstream = _upstream_module(go, recipe, module, environment)
    lines.append(f"go {upstream['Go']}")
    if recipe.staging_version:
        lines += [
            f"replace {entry['Old']['Path']} => {entry['Old']['Path']} {recipe.staging_version}"
            for entry in upstream["Replace"]
            if entry["New"]["Path"].startswith("./staging/")
        ]
    # A `tool` line makes tidy keep what a main package needs; an import of one is an error.
    lines += [f"tool {package}" for package in recipe.binaries.values()]
    (module / "go.mod").write_text("\n".join(lines) + "\n")


def _upstream_module(
    go: str, recipe: Recipe, module: Path, environment: dict[str, str]
) -> dict[str, list[dict[str, dict[str, str]]]]:
    (module / "go.mod").unlink(missing_ok=True)
    log = module / "build.log"
    wanted = f"{recipe.module}@{recipe.version}"
    # GOFLAGS' -mod=mod is for building only; `mod download` of a path@version wants no module.
    plain = environment | {"GOFLAGS": ""}
    answer = json.loads(_run([go, "mod", "download", "-json", wanted], module, plain, log))
    edited = _run([go, "mod", "edit", "-json", answer["GoMod"]], module, plain, log)
    parsed: dict[str, list[dict[str, dict[str, str]]]] = json.loads(edited)
    return parsed


def _run(arguments: list[str], folder: Path, environment: dict[str, str], log: Path) -> str:
    with log.open("ab") as errors:
        done = subprocess.run(
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
    if done.returncode != 0:
        raise ClusterError(f"`{' '.join(arguments[:3])} …` failed in {folder}\n{tail(log)}")
    return done.stdout.decode()
