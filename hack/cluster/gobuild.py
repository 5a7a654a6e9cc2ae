"""Builds the Go binaries from the module proxy: one small generated module per upstream."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


class SummedRecipe(Recipe):
    """Its module brings checksums that the checksum database does not have."""


def required(versions: Versions) -> list[Recipe]:
    """What the default node is made of."""
    return [kubernetes(versions), containerd(versions), *shared(versions)]


def kubernetes(versions: Versions) -> Recipe:
    module = "k8s.io/kubernetes"
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
    return Recipe(
        module,
        versions.kubernetes,
        {name: f"{module}/cmd/{name}" for name in commands}
        | {"agnhost": f"{module}/test/images/agnhost"},
        stamps,
        staging_version=versions.staging,
    )


def containerd(versions: Versions) -> Recipe:
    module = "github.com/containerd/containerd/v2"
    commands = ("containerd", "containerd-shim-runc-v2", "ctr")
    return Recipe(
        module,
        versions.containerd,
        {name: f"{module}/cmd/{name}" for name in commands},
        {f"{module}/version.Version": versions.containerd},
    )


def shared(versions: Versions) -> list[Recipe]:
    """What every node has, whatever its Kubernetes and its runtime."""
    return [
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


def crio(versions: Versions) -> Recipe:
    module = "github.com/cri-o/cri-o"
    tags = (
        "containers_image_openpgp",
        "exclude_graphdriver_btrfs",
        "exclude_graphdriver_devicemapper",
        "libdm_no_deferred_remove",
        "seccomp",
    )
    return SummedRecipe(
        module,
        versions.crio,
        {"crio": f"{module}/cmd/crio"},
        {},
        tags=" ".join(tags),
        cgo=True,
    )


def source(recipe: Recipe, work: Path) -> Path:
    """The folder of the module's own files."""
    work.mkdir(parents=True, exist_ok=True)
    return Path(_download(find_go(), recipe, work, os.environ | {"GOWORK": "off"})["Dir"])


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
        _tidy(go, module, environment, log)
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", _linker_flags(recipe)]
    if recipe.tags:
        flags += ["-tags", recipe.tags]
    for name, package in missing.items():
        step(f"building {name} {recipe.version}")
        unfinished = binaries / f".{name}.unfinished"
        _run([go, "build", *flags, "-o", str(unfinished), package], module, environment, log)
        unfinished.rename(binaries / name)


def _tidy(go: str, module: Path, environment: dict[str, str], log: Path) -> None:
    try:
        _run([go, "mod", "tidy"], module, environment, log)
    except BaseException:
        # Its presence says that the module is resolved.
        (module / "go.sum").unlink(missing_ok=True)
        raise


def _linker_flags(recipe: Recipe) -> str:
    stamps = [f"-X {variable}={value}" for variable, value in recipe.version_variables.items()]
    return " ".join(["-s -w", *stamps])


def _write_module(go: str, recipe: Recipe, module: Path, environment: dict[str, str]) -> None:
    lines = [f"module podx.test/{module.name}", f"require {recipe.module} {recipe.version}"]
    (module / "go.mod").unlink(missing_ok=True)
    # GOFLAGS' -mod=mod is for building only; `mod download` of a path@version wants no module.
    plain = environment | {"GOFLAGS": ""}
    answer = _download(go, recipe, module, plain)
    edited = _run(
        [go, "mod", "edit", "-json", answer["GoMod"]], module, plain, module / "build.log"
    )
    upstream: dict[str, Any] = json.loads(edited)
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
    if isinstance(recipe, SummedRecipe):
        shutil.copyfile(Path(answer["Dir"]) / "go.sum", module / "go.sum")


def _download(go: str, recipe: Recipe, folder: Path, environment: dict[str, str]) -> dict[str, str]:
    wanted = f"{recipe.module}@{recipe.version}"
    words = [go, "mod", "download", "-json", wanted]
    answer: dict[str, str] = json.loads(_run(words, folder, environment, folder / "build.log"))
    return answer


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
