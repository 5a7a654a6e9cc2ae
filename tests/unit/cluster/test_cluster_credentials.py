import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from kit.cluster_fakes import PKI, FakeServer, Reply, Request, answer, make_api, server_context
from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.credentials import Credentials, impersonation
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_plugin import exec_info, parse_credential
from kubectl_podx.cluster.kubeconfig import AuthProvider, ExecPlugin, ExecVariable, check_plugin
from kubectl_podx.cluster.providers import provider_token
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import InputError, PodxError

V1 = "client.authentication.k8s.io/v1"
CA = str(PKI / "authority.pem")


def make_plugin(folder: Path, body: str, **more: Any) -> ExecPlugin:
    path = folder / "plug"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return ExecPlugin(command=str(path), api_version=V1, interactive_mode="Never", **more)


def says(**status: str) -> str:
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": status}
    return f"cat <<'END'\n{json.dumps(credential)}\nEND"


def credentials(
    seconds: float = 20, environ: dict[str, str] | None = None, **access: Any
) -> Credentials:
    known = Access(server="https://h", home="/nonexistent", **access)
    given = environ or {"PATH": os.environ["PATH"]}
    return Credentials(known, given, Deadline(seconds), provider_token)


def authorization(found: Credentials) -> str | None:
    return dict(found.headers()).get("Authorization")


def refusal(found: Credentials) -> str:
    with pytest.raises(ClusterError) as caught:
        found.headers()
    assert caught.value.kind == "unauthorized"
    start = "Unable to connect to the server: getting credentials: "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start)


# -- what needs no plugin ------------------------------------------------------------------------


def test_a_token_is_a_bearer_and_a_password_is_basic() -> None:
    assert authorization(credentials(token="t")) == "Bearer t"
    assert authorization(credentials(username="me", password="p")) == "Basic bWU6cA=="
    assert authorization(credentials()) is None


def test_a_token_file_is_read_again_and_its_last_content_survives(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    found = credentials(token_file=str(path))
    assert authorization(found) == "Bearer one"
    path.write_text("two\n")
    assert authorization(found) == "Bearer two"
    path.unlink()
    assert authorization(found) == "Bearer two"


def test_a_token_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="open /nonexistent/t: no such file or directory"):
        credentials(token_file="/nonexistent/t").headers()


def test_impersonation_needs_a_user() -> None:
    assert impersonation(Access(server="https://h", as_groups=("g",))) == []


def test_whoever_has_a_credential_runs_no_plugin(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path, "exit 9")
    assert authorization(credentials(token="t", exec_plugin=plugin)) == "Bearer t"


# -- plugins -------------------------------------------------------------------------------------


def test_a_plugin_is_told_what_it_needs_and_its_token_is_used(tmp_path: Path) -> None:
    body = f'echo "$KUBERNETES_EXEC_INFO" >{tmp_path}/info; echo "$1 $MORE" >{tmp_path}/args\n'
    plugin = make_plugin(
        tmp_path, body + says(token="sesame"), args=["first"],
        env=[ExecVariable(name="MORE", value="of it")],
    )  # fmt: skip
    found = credentials(exec_plugin=plugin)
    assert authorization(found) == "Bearer sesame"
    info = json.loads((tmp_path / "info").read_text())
    assert info == {"kind": "ExecCredential", "apiVersion": V1, "spec": {"interactive": False}}
    assert (tmp_path / "args").read_text() == "first of it\n"


def test_a_plugin_runs_once_until_its_credential_expires(tmp_path: Path) -> None:
    count = f"echo x >>{tmp_path}/count\n"
    plugin = make_plugin(
        tmp_path, count + says(token="a", expirationTimestamp="2999-01-01T00:00:00Z")
    )
    found = credentials(exec_plugin=plugin)
    found.headers()
    found.headers()
    assert (tmp_path / "count").read_text() == "x\n"
    plugin = make_plugin(
        tmp_path, count + says(token="a", expirationTimestamp="2001-01-01T00:00:00Z")
    )
    found = credentials(exec_plugin=plugin)
    found.headers()
    found.headers()
    assert (tmp_path / "count").read_text() == "x\n" * 3


def test_cluster_info_goes_to_the_plugin_that_asks_for_it() -> None:
    access = Access(
        server="https://h", ca_data=b"CA", tls_server_name="n", exec_config={"audience": "x"}
    )
    plugin = ExecPlugin(api_version=V1, provide_cluster_info=True)
    assert json.loads(exec_info(access, plugin, True))["spec"] == {
        "interactive": True,
        "cluster": {
            "server": "https://h",
            "tls-server-name": "n",
            "certificate-authority-data": "Q0E=",
            "config": {"audience": "x"},
        },
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo sesame; exit 7", "failed with exit code 7"),
        ("echo sesame", "decoding stdout: no ExecCredential in JSON"),
        ('echo \'{"kind":"Pod"}\'', "plugin returned another kind or version"),
        (says(), "exec plugin didn't return a token or cert/key pair"),
        (says(clientKeyData="sesame"), "returned only certificate or key, not both"),
    ],
)
def test_a_plugin_that_fails_stops_everything(tmp_path: Path, body: str, why: str) -> None:
    text = refusal(credentials(exec_plugin=make_plugin(tmp_path, body)))
    assert text.endswith(why)
    assert "sesame" not in text
    assert text.isprintable()


def test_a_plugin_that_is_not_installed_brings_its_hint() -> None:
    plugin = ExecPlugin(
        command="podx-no-such-plugin", api_version=V1, interactive_mode="Never",
        install_hint="get it\nfrom \x1b[1mthere",
    )  # fmt: skip
    assert refusal(credentials(exec_plugin=plugin)) == (
        "exec: executable podx-no-such-plugin not found: it is a credential plugin that is not "
        "installed (get it from \\x1b[1mthere)"
    )


def test_a_plugin_that_hangs_meets_the_deadline(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path, "exec sleep 60")
    text = refusal(credentials(seconds=0.1, exec_plugin=plugin))
    assert text.endswith("gave no answer in time")


def test_a_plugin_that_wants_a_terminal_is_refused_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    plugin = make_plugin(tmp_path, says(token="t"))
    plugin.interactive_mode = "Always"
    text = refusal(credentials(exec_plugin=plugin))
    assert text == "exec plugin cannot support interactive mode: standard input is not a terminal"


def test_another_api_version_is_refused(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path, says(token="t"))
    plugin.api_version = "client.authentication.k8s.io/v1alpha1"
    assert "invalid apiVersion" in refusal(credentials(exec_plugin=plugin))


@pytest.mark.parametrize("output", [b"", b"[" * 5000, b"null", b'{"status": 7}', b"\xff"])
def test_no_output_of_a_plugin_makes_the_parser_raise_anything_else(output: bytes) -> None:
    with pytest.raises(ClusterError):
        parse_credential(output, V1)


def test_a_refused_token_runs_the_plugin_once_more(tmp_path: Path) -> None:
    body = f'echo x >>{tmp_path}/count; N=$(wc -l <{tmp_path}/count | tr -d " ")\n'
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "N"}}
    script = json.dumps(credential).replace('"N"', '\\"token$N\\"').replace('"', '\\"')
    script = script.replace('\\\\"', '\\"')
    plugin = make_plugin(tmp_path, body + f'echo "{script}"')
    config = tmp_path / "config"
    config.write_text(
        json.dumps(
            {
                "users": [
                    {
                        "name": "u",
                        "user": {
                            "exec": {
                                "command": plugin.command,
                                "apiVersion": V1,
                                "interactiveMode": "Never",
                            }
                        },
                    }
                ]
            }
        )
    )

    def handler(request: Request) -> Reply:
        good = request.all("Authorization") == ["Bearer token2"]
        return answer(200 if good else 401)

    with FakeServer(handler, server_context()) as server:
        api = make_api(
            server.url, environ={"PATH": os.environ["PATH"]}, kubeconfig=str(config), user="u",
            certificate_authority=CA,
        )  # fmt: skip
        assert api.get("/x").status == 200
        assert api.get("/x").status == 200
        api.close()
        sent = [request.all("Authorization")[0] for request in server.requests]
    assert sent == ["Bearer token1", "Bearer token2", "Bearer token2"]


def test_a_plugins_certificate_is_shown_to_the_server(tmp_path: Path) -> None:
    pem = (PKI / "client.pem").read_text()
    plugin = make_plugin(tmp_path, says(clientCertificateData=pem, clientKeyData=pem))
    config = tmp_path / "config"
    exec_entry = {"command": plugin.command, "apiVersion": V1, "interactiveMode": "Never"}
    config.write_text(json.dumps({"users": [{"name": "u", "user": {"exec": exec_entry}}]}))
    with FakeServer(lambda _: answer(), server_context(client_ca=True)) as server:
        api = make_api(
            server.url, environ={"PATH": os.environ["PATH"]}, kubeconfig=str(config), user="u",
            certificate_authority=CA,
        )  # fmt: skip
        assert api.get("/x").status == 200
        api.close()


# -- kuberc --------------------------------------------------------------------------------------


def kuberc(**more: Any) -> str:
    head = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}
    return json.dumps(head | more)


def allowlist(allowed: list[dict[str, str]]) -> str:
    return kuberc(credentialPluginPolicy="Allowlist", credentialPluginAllowlist=allowed)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("", ""),
        (kuberc(), ""),
        (kuberc(credentialPluginPolicy="AllowAll"), ""),
        (kuberc(credentialPluginPolicy="DenyAll"), 'policy set to "DenyAll"'),
        (allowlist([{"command": "sh"}]), ""),
        (allowlist([{"name": "sh"}]), ""),
        (allowlist([{"name": "cat"}]), "is not permitted"),
        (kuberc(credentialPluginPolicy="Allowlist"), "unspecified or empty"),
        (allowlist([{}]), "entry"),
        (kuberc(credentialPluginPolicy="AllowAll", credentialPluginAllowlist=[]), "misconfigured"),
        (kuberc(credentialPluginPolicy="Odd"), 'unknown plugin policy: "Odd"'),
        ("kind: Other\n---\n" + kuberc(credentialPluginPolicy="DenyAll"), "DenyAll"),
        ("kind: Other\n", "no valid preferences"),
        ("[", "yaml"),
    ],
)
def test_kuberc_decides_which_plugins_run(tmp_path: Path, content: str, refused: str) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "kuberc").write_text(content)
    environ = {"PATH": os.environ["PATH"]}
    if not refused:
        check_plugin("sh", environ, str(tmp_path))
        return
    with pytest.raises(InputError, match=refused):
        check_plugin("sh", environ, str(tmp_path))
    check_plugin("sh", environ | {"KUBERC": "off"}, str(tmp_path))
    check_plugin("sh", environ | {"KUBECTL_KUBERC": "false"}, str(tmp_path))


def test_a_kuberc_that_is_named_must_be_there(tmp_path: Path) -> None:
    check_plugin("sh", {}, str(tmp_path))
    with pytest.raises(InputError, match="no such file"):
        check_plugin("sh", {"KUBERC": str(tmp_path / "none")}, str(tmp_path))


# -- the legacy way ------------------------------------------------------------------------------


def test_an_unknown_provider_is_an_error() -> None:
    with pytest.raises(PodxError, match='no Auth Provider found for name "azure"'):
        credentials(auth_provider=AuthProvider(name="azure")).headers()


def test_an_oidc_token_that_has_not_expired_is_used() -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    token = f"{part({'alg': 'none'})}.{part({'exp': 32503680000})}.sesame"
    config = {"id-token": token, "idp-issuer-url": "https://nowhere.invalid"}
    assert (
        authorization(credentials(auth_provider=AuthProvider("oidc", config))) == f"Bearer {token}"
    )


def test_an_oidc_entry_without_a_token_is_an_error_that_quotes_nothing() -> None:
    config = {"id-token": "sesame", "idp-issuer-url": "https://nowhere.invalid"}
    with pytest.raises(ClusterError) as caught:
        credentials(auth_provider=AuthProvider("oidc", config)).headers()
    assert caught.value.kind == "unauthorized"
    assert "sesame" not in str(caught.value)
