"""Every kind of credential, from the archive, which has no `kubernetes`, and from the environment
of the tests, which has it: what the server gets to see."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from install.conftest import Run
from kit.cluster_fakes import PKI, FakeServer, Reply, Request, answer, server_context, status_body

V1 = "client.authentication.k8s.io/v1"


def token(seconds: float) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': int(time.time() + seconds)})}.sesame"


FRESH = token(3600)


def serve(request: Request) -> Reply:
    if request.target.endswith("/.well-known/openid-configuration"):
        port = request.socket.getsockname()[1]
        where = {"token_endpoint": f"https://127.0.0.1:{port}/token"}
        return answer(200, json.dumps(where).encode())
    if request.target == "/token":
        request.socket.recv(int(request.all("Content-Length")[0]))
        return answer(200, json.dumps({"id_token": FRESH}).encode())
    return status_body(404, "NotFound", 'pods "web" not found')


def exec_plugin(folder: Path, _: str) -> dict[str, Any]:
    plugin = folder / "plug"
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": FRESH}}
    plugin.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(credential)}\nEND\n")
    plugin.chmod(0o755)
    entry = {"command": str(plugin), "apiVersion": V1, "interactiveMode": "Never"}
    return {"exec": entry}


def oidc(seconds: float) -> Callable[[Path, str], dict[str, Any]]:
    def user(_: Path, url: str) -> dict[str, Any]:
        config = {
            "id-token": FRESH if seconds > 0 else token(seconds),
            "idp-issuer-url": url,
            "client-id": "podx",
            "refresh-token": "more",
            "idp-certificate-authority": str(PKI / "authority.pem"),
        }
        return {"auth-provider": {"name": "oidc", "config": config}}

    return user


def token_file(folder: Path, _: str) -> dict[str, Any]:
    (folder / "token").write_text(FRESH + "\n")
    return {"tokenFile": str(folder / "token")}


def certificate(_: Path, __: str) -> dict[str, Any]:
    pem = str(PKI / "client.pem")
    return {"client-certificate": pem, "client-key": pem}


KINDS: dict[str, Callable[[Path, str], dict[str, Any]]] = {
    "token": lambda *_: {"token": FRESH},
    "tokenFile": token_file,
    "exec": exec_plugin,
    "oidc": oidc(3600),
    "oidc-expired": oidc(-3600),
    "certificate": certificate,
}


@pytest.fixture(params=["archive", "environment"])
def program(request: pytest.FixtureRequest, archive: Path, tmp_path: Path) -> Path:
    if request.param == "environment":
        import kubernetes  # noqa: F401 - that it is there

        return Path(sys.executable).with_name("kubectl-podx")
    folder = tmp_path / "archive"
    shutil.unpack_archive(archive, folder)
    assert not list(folder.rglob("*kubernetes*"))
    return folder / "kubectl-podx"


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_sees_who_asks(kind: str, program: Path, run: Run, tmp_path: Path) -> None:
    with FakeServer(serve, server_context(client_ca=kind == "certificate")) as server:
        config = tmp_path / "config"
        cluster = {"server": server.url, "certificate-authority": str(PKI / "authority.pem")}
        config.write_text(
            json.dumps(
                {
                    "current-context": "c",
                    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [{"name": "c", "cluster": cluster}],
                    "users": [{"name": "u", "user": KINDS[kind](tmp_path, server.url)}],
                }
            )
        )
        done = run(program, "describe", "web", path=[], home=tmp_path, KUBECONFIG=str(config))
        asked = [one for one in server.requests if "/pods/web" in one.target]
    assert 'pods "web" not found' in done.stderr
    assert asked
    wanted = [] if kind == "certificate" else [f"Bearer {FRESH}"]
    assert [one.all("Authorization") for one in asked] == [wanted] * len(asked)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has mounts of its own")
def test_inside_of_a_cluster_the_account_is_used(program: Path, run: Run, tmp_path: Path) -> None:
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare here")
    files = tmp_path / "account"
    files.mkdir()
    (files / "token").write_text(FRESH)
    (files / "namespace").write_text("shop")
    shutil.copy(PKI / "authority.pem", files / "ca.crt")
    place = "/var/run/secrets/kubernetes.io/serviceaccount"
    mount = f"mount -t tmpfs tmpfs /run && mkdir -p {place} && cp {files}/* {place}"
    with FakeServer(serve, server_context()) as server:
        done = run(
            "unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh",
            program, "describe", "web",
            path=[], home=tmp_path / "empty",
            KUBERNETES_SERVICE_HOST="127.0.0.1", KUBERNETES_SERVICE_PORT=str(server.port),
        )  # fmt: skip
        asked = [one for one in server.requests if one.target.endswith("/namespaces/shop/pods/web")]
    assert 'pods "web" not found' in done.stderr
    assert [one.all("Authorization") for one in asked] == [[f"Bearer {FRESH}"]] * len(asked) != []
