from pathlib import Path
from typing import Any

import pytest

from kubectl_podx.cluster.access import Access, AccessFlags, resolve_access
from kubectl_podx.model.clock import parse_timeout
from kubectl_podx.model.errors import InputError, UsageError

BASE = """\
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster:
    server: https://one.example:6443/prefix/
    certificate-authority-data: Q0E=
    tls-server-name: inner
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {audience: x}
- name: c2
  cluster: {server: "https://two.example", insecure-skip-tls-verify: true}
- name: plain
  cluster: {server: "http://three.example:80"}
users:
- name: u1
  user: {token: T1, tokenFile: sub/token, as: root, as-groups: [g0], as-user-extra: {k: [v]}}
- name: u2
  user: {username: me, password: pw}
- name: plugin
  user:
    exec: {command: ./bin/plug, apiVersion: client.authentication.k8s.io/v1beta1, args: null}
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: n1}
- name: two
  context: {cluster: c2, user: u2}
- name: dangling
  context: {cluster: nowhere, user: nobody}
- name: plainly
  context: {cluster: plain, user: u1}
- name: plug
  context: {cluster: c1, user: plugin}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(BASE)
    return path


def resolve(path: Path | None, environ: dict[str, str] | None = None, **flags: Any) -> Access:
    known = AccessFlags(kubeconfig=str(path) if path else None, **flags)
    return resolve_access(known, environ or {}, "/nonexistent", service_account="/nonexistent")


def test_the_current_context_decides(config: Path) -> None:
    access = resolve(config)
    assert access.server == "https://one.example:6443/prefix"
    assert (access.host, access.port, access.prefix) == ("one.example", 6443, "/prefix")
    assert (access.authority, access.secure) == ("one.example:6443", True)
    assert (access.namespace, access.context) == ("n1", "one")
    assert (access.ca_data, access.tls_server_name) == (b"CA", "inner")
    assert (access.token, access.token_file) == ("T1", str(config.parent / "sub/token"))
    assert (access.as_user, access.as_groups) == ("root", ("g0",))
    assert access.as_user_extra == (("k", ("v",)),)
    assert access.request_timeout is None


def test_flags_lie_over_the_kubeconfig(config: Path) -> None:
    access = resolve(
        config,
        context="two",
        namespace="nn",
        token=None,
        username="other",
        as_user="a",
        as_uid="7",
        as_groups=("g1", "g2"),
        as_user_extra=("k=1", "k=2", "odd"),
        request_timeout="5",
    )
    assert (access.server, access.namespace, access.insecure) == ("https://two.example", "nn", True)
    assert (access.username, access.password) == ("other", "pw")
    assert (access.as_user, access.as_uid, access.as_groups) == ("a", "7", ("g1", "g2"))
    assert access.as_user_extra == (("k", ("1", "2")),)
    assert access.request_timeout == 5.0
    assert access.port == 443


def test_a_token_flag_silences_the_token_file(config: Path) -> None:
    access = resolve(config, token="mine")
    assert (access.token, access.token_file) == ("mine", "")


def test_another_server_loses_the_tls_name_and_keeps_the_authority(config: Path) -> None:
    access = resolve(config, server="https://x")
    assert (access.server, access.tls_server_name, access.ca_data) == ("https://x", "", b"CA")


def test_insecure_drops_the_authority_and_an_authority_drops_insecure(config: Path) -> None:
    assert resolve(config, insecure_skip_tls_verify=True).ca_data == b""
    access = resolve(config, context="two", certificate_authority=str(config))
    assert (access.insecure, access.ca_file) == (False, str(config))


def test_cluster_and_user_are_chosen_apart(config: Path) -> None:
    access = resolve(config, cluster="c2", user="u2")
    assert (access.server, access.username) == ("https://two.example", "me")
    assert access.namespace == "n1"


def test_a_plain_connection_gets_no_credentials(config: Path) -> None:
    access = resolve(config, context="plainly")
    assert (access.token, access.token_file, access.as_user) == ("", "", "root")
    assert not access.secure


def test_a_plugin_is_relative_to_its_file_and_beta_defaults_its_mode(config: Path) -> None:
    access = resolve(config, context="plug")
    assert access.exec_plugin is not None
    assert access.exec_plugin.command == str(config.parent / "bin/plug")
    assert access.exec_plugin.interactive_mode == "IfAvailable"
    assert access.exec_config == {"audience": "x"}


def test_a_dangling_context_means_the_default_server(config: Path) -> None:
    assert resolve(config, context="dangling").server == "http://localhost:8080"
    assert resolve(config, {"KUBERNETES_MASTER": "https://m"}, context="dangling").server == (
        "https://m"
    )


def test_without_any_kubeconfig_the_server_is_localhost() -> None:
    access = resolve(None)
    assert (access.server, access.namespace, access.context) == (
        "http://localhost:8080",
        "default",
        "",
    )


def test_a_server_without_a_scheme_is_plain(config: Path) -> None:
    assert resolve(config, server="h:8080").server == "http://h:8080"


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({"context": "nope"}, 'context "nope" does not exist'),
        ({"cluster": "nope"}, 'cluster "nope" does not exist'),
        ({"user": "nope"}, 'auth info "nope" does not exist'),
        ({"user": "u1", "username": "x"},
         ("more than one authentication method found for u1; found [token basicAuth], only one is "
         "allowed")),
        ({"context": "two", "as_groups": ("g",)},
         "requesting uid, groups or user-extra for u2 without impersonating a user"),
        ({"certificate_authority": "/nope.crt"},
         ("unable to read certificate-authority /nope.crt for c1 due to open /nope.crt: no such "
         "file or directory")),
        ({"server": "foo:80/bar"}, 'host must be a URL or a host:port pair: "foo:80/bar"'),
        ({"server": "https://h:99999"}, 'host must be a URL or a host:port pair: "https://h:99999"'),
        ({"server": "https://h\r\nX: y"},
         'host must be a URL or a host:port pair: "https://h\\r\\nX: y"'),
        ({"server": "ftp://h"}, 'unsupported protocol scheme "ftp"'),
    ],
)  # fmt: skip
def test_what_kubectl_refuses_is_refused_in_its_words(
    config: Path, flags: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError) as caught:
        resolve(config, **flags)
    assert str(caught.value) == text


def test_several_mistakes_are_a_list(config: Path) -> None:
    with pytest.raises(InputError) as caught:
        resolve(config, client_certificate="/nope.crt")
    assert str(caught.value) == (
        "Error in configuration: \n"
        "* client-key-data or client-key must be specified for u1 to use the clientCert "
        "authentication method.\n"
        "* unable to read client-cert /nope.crt for u1 due to open /nope.crt: no such file or "
        "directory"
    )


def test_insecure_and_an_authority_exclude_each_other(config: Path) -> None:
    with pytest.raises(InputError, match="with the insecure flag is not allowed"):
        resolve(config, insecure_skip_tls_verify=True, certificate_authority=str(config))


def test_a_current_context_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("current-context: zz\n")
    with pytest.raises(InputError) as caught:
        resolve(path)
    assert str(caught.value) == (
        "Error in configuration: context was not found for specified context: zz"
    )


@pytest.mark.parametrize(
    "plugin",
    [
        "{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}",
        "{command: x, interactiveMode: Never}",
        "{command: x, apiVersion: client.authentication.k8s.io/v1}",
        "{command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Odd}",
        (
            "{command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,"
            " env: [{value: x}]}"
        ),
    ],
)
def test_an_incomplete_plugin_is_refused(tmp_path: Path, plugin: str) -> None:
    path = tmp_path / "config"
    path.write_text(f"users: [{{name: u, user: {{exec: {plugin}}}}}]\n")
    with pytest.raises(InputError, match=r"for u|interactiveMode"):
        resolve(path, user="u")


# -- inside a pod ------------------------------------------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> tuple[dict[str, str], str]:
    (tmp_path / "token").write_text("T")
    (tmp_path / "ca.crt").write_text("CA")
    (tmp_path / "namespace").write_text("team\n")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    return environ, str(tmp_path)


def test_inside_a_pod_its_own_account_is_used(inside: tuple[dict[str, str], str]) -> None:
    environ, account = inside
    access = resolve_access(AccessFlags(), environ, "/nonexistent", service_account=account)
    assert access.server == "https://[fd00::1]:443"
    assert (access.host, access.namespace) == ("fd00::1", "team")
    assert access.token_file == str(Path(account) / "token")
    assert access.ca_file == str(Path(account) / "ca.crt")


def test_inside_a_pod_flags_still_count(inside: tuple[dict[str, str], str]) -> None:
    environ, account = inside
    flags = AccessFlags(token="mine", namespace="n", as_user="a")
    access = resolve_access(flags, environ, "/nonexistent", service_account=account)
    assert (access.token, access.token_file) == ("mine", "")
    assert (access.namespace, access.as_user) == ("n", "a")


def test_a_kubeconfig_wins_over_the_pods_account_but_not_its_namespace(
    inside: tuple[dict[str, str], str], config: Path
) -> None:
    environ, account = inside
    flags = AccessFlags(kubeconfig=str(config), context="two")
    access = resolve_access(flags, environ, "/nonexistent", service_account=account)
    assert (access.server, access.namespace) == ("https://two.example", "team")
    environ["POD_NAMESPACE"] = "told"
    access = resolve_access(flags, environ, "/nonexistent", service_account=account)
    assert access.namespace == "told"


# -- what may never be printed -----------------------------------------------------------------


def test_no_secret_is_in_the_printed_form(config: Path) -> None:
    access = resolve(config)
    assert "T1" not in repr(access) + str(access)
    assert "sesame" not in repr(AccessFlags(token="sesame", password="sesame"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", None), ("5", 5.0), ("1s", 1.0), ("2m", 120.0), ("1h30m", 5400.0), ("1.5s", 1.5),
     ("300ms", 0.3), ("0s", None), ("-1s", None)],
)  # fmt: skip
def test_a_request_timeout_is_gos_duration(text: str, seconds: float | None) -> None:
    assert parse_timeout(text) == (pytest.approx(seconds) if seconds else None)


@pytest.mark.parametrize("text", ["", "x", "1d", "5 s", "-5", "1s1", "1" * 50, "٣"])
def test_another_request_timeout_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="Invalid timeout value"):
        parse_timeout(text)
