"""Writes container images as docker-archive tars. The same files give the same bytes."""

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Image times mean nothing here; a fixed one keeps the archives reproducible.
_CREATED = "2026-01-01T00:00:00Z"


@dataclass
class Rootfs:
    """The files of an image's only layer, by path without the leading slash."""

    _entries: dict[str, tuple[tarfile.TarInfo, bytes]] = field(default_factory=dict)

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._put(path, tarfile.DIRTYPE, mode, owner=owner)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self._parents(path)
        self._put(path, tarfile.REGTYPE, mode, content)

    def program(self, path: str, source: Path) -> None:
        self.file(path, source.read_bytes(), 0o755)

    def link(self, path: str, target: str) -> None:
        self._parents(path)
        self._put(path, tarfile.SYMTYPE, 0o777, target=target)

    def has(self, path: str) -> bool:
        return path in self._entries

    def tar(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for _, (info, content) in sorted(self._entries.items()):
                archive.addfile(info, io.BytesIO(content))
        return buffer.getvalue()

    def _parents(self, path: str) -> None:
        for parent in reversed(Path(path).parents):
            name = str(parent)
            if name != "." and name not in self._entries:
                self.folder(name)

    def _put(
        self,
        path: str,
        kind: bytes,
        mode: int,
        content: bytes = b"",
        *,
        target: str = "",
        owner: int = 0,
    ) -> None:
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.size, info.linkname = kind, mode, len(content), target
        info.uid = info.gid = owner
        self._entries[path] = (info, content)


@dataclass(frozen=True)
class Image:
    reference: str
    rootfs: Rootfs
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""


def write(image: Image, destination: Path) -> None:
    """The archive appears under its name only when it is whole."""
    layer = image.rootfs.tar()
    layer_digest = hashlib.sha256(layer).hexdigest()
    config = _json(_config(image, layer_digest))
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layer_name = f"{layer_digest}/layer.tar"
    manifest = [{"Config": config_name, "RepoTags": [image.reference], "Layers": [layer_name]}]
    unfinished = destination.with_suffix(".unfinished")
    with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in (
            (config_name, config),
            (layer_name, layer),
            ("manifest.json", _json(manifest)),
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    unfinished.rename(destination)


def _config(image: Image, layer_digest: str) -> dict[str, object]:
    machine = platform.machine()
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "created": _CREATED,
        "config": {
            "Env": [f"{name}={value}" for name, value in image.environment.items()],
            "Entrypoint": image.entrypoint or None,
            "Cmd": image.command or None,
            "WorkingDir": "/",
            **({"User": image.user} if image.user else {}),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": _CREATED, "created_by": "kubectl-podx hack/cluster"}],
    }


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
