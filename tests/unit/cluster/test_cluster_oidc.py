"""The legacy entry `auth-provider: oidc`: what client-go does of it, without the big package."""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from kit.cluster_fakes import PKI, FakeServer, Reply, Request, answer, server_context
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.kubeconfig import AuthProvider
from kubectl_podx.cluster.oidc import id_token
from kubectl_podx.cluster.providers import provider_token
from kubectl_podx.model.clock import Deadline


def token(seconds: float, name: str = "sesame") -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': int(time.time() + seconds)})}.{name}"


OLD, FRESH = token(-3600, "old"), token(3600, "fresh")


class Provider:
    """An identity provider: its configuration, and what it says to each wish for a token."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[list[str]] = []
        self.server = FakeServer(self.serve, server_context())

    def serve(self, request: Request) -> Reply:
        if request.line.startswith("GET "):
            where = {"token_endpoint": f"{self.server.url}/token?of=it"}
            return answer(200, json.dumps(where).encode())
        length = int(request.all("Content-Length")[0])
        assert request.line == "POST /token?of=it HTTP/1.1"
        assert request.all("Content-Type") == ["application/x-www-form-urlencoded"]
        body = request.socket.recv(length).decode()
        self.forms.append(parse_qs(body))
        self.headers.append(request.all("Authorization"))
        status, document = self.answers.pop(0)
        return answer(status, json.dumps(document).encode())

    def ask(self, **config: str) -> str:
        known = {
            "idp-issuer-url": self.server.url + "/",
            "client-id": "me & you",
            "id-token": OLD,
            "refresh-token": "r3fresh",
            "idp-certificate-authority": str(PKI / "authority.pem"),
        }
        given = known | {name.replace("_", "-"): value for name, value in config.items()}
        with self.server:
            return id_token(given, {}, Deadline(20))


def refusal(provider: Provider, **config: str) -> str:
    with pytest.raises(ClusterError) as caught:
        provider.ask(**config)
    assert caught.value.kind == "unauthorized"
    text = str(caught.value)
    assert not [secret for secret in (OLD, "r3fresh", "s3cret") if secret in text]
    return text.removeprefix("Unable to connect to the server: auth provider oidc: ")


def test_a_token_that_holds_is_used_and_nobody_is_asked() -> None:
    assert id_token({"id-token": FRESH}, {}, Deadline(20)) == FRESH


def test_an_expired_token_is_renewed() -> None:
    provider = Provider((200, {"id_token": FRESH, "access_token": "other"}))
    assert provider.ask() == FRESH
    assert provider.forms == [
        {"grant_type": ["refresh_token"], "refresh_token": ["r3fresh"], "client_id": ["me & you"]}
    ]
    assert provider.headers == [[]]


def test_a_secret_goes_into_a_header_first_and_then_into_the_form() -> None:
    provider = Provider((401, {"error": "invalid_client"}), (200, {"id_token": FRESH}))
    assert provider.ask(client_secret="s3cret+") == FRESH
    pair = base64.b64encode(b"me+%26+you:s3cret%2B").decode()
    assert provider.headers == [[f"Basic {pair}"], []]
    assert "client_secret" not in provider.forms[0]
    assert provider.forms[1]["client_secret"] == ["s3cret+"]


def test_the_authority_of_the_entry_is_trusted_in_either_form() -> None:
    pem = base64.b64encode((PKI / "authority.pem").read_bytes()).decode()
    provider = Provider((200, {"id_token": FRESH}))
    given = {"idp_certificate_authority": "", "idp_certificate_authority_data": pem}
    assert provider.ask(**given) == FRESH
    with pytest.raises(ClusterError, match="x509"):
        Provider().ask(idp_certificate_authority="")


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ((400, {"error": "invalid_grant"}), "refused to renew the token (invalid_grant): log in"),
        ((400, {"error": "r3fresh " * 9}), "refused to renew the token: log in again"),
        ((500, {}), "refused to renew the token: log in again"),
        ((200, {"access_token": "x"}), "has no id_token"),
        ((200, {"id_token": 7}), "has no id_token"),
    ],
)
def test_a_provider_that_gives_none_is_an_error(
    answered: tuple[int, dict[str, Any]], said: str
) -> None:
    assert said in refusal(Provider(answered))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"refresh_token": ""}, "cannot refresh without refresh-token"),
        ({"client_id": ""}, "must provide client-id"),
        ({"idp_issuer_url": ""}, "must provide idp-issuer-url"),
        ({"idp_issuer_url": "http://127.0.0.1:1"}, "it has to be https"),
        ({"idp_issuer_url": "https://[::1"}, "it has to be https"),
        ({"idp_issuer_url": "https://a/\r\nX: y"}, "it has to be https"),
        ({"idp_certificate_authority_data": "%"}, "certificate authority cannot be used"),
        ({"id_token": "a.b.c"}, "not a JSON Web Token"),
        ({"id_token": "sesame"}, "not a JSON Web Token"),
    ],
)
def test_an_entry_that_cannot_be_used_is_an_error(config: dict[str, str], said: str) -> None:
    assert said in refusal(Provider(), **config)


@pytest.mark.parametrize("installed", [True, False])
def test_the_package_makes_no_difference(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each entry gives with and without `kubernetes`, which the archive does not have."""
    if not installed:
        for name in [n for n in sys.modules if n.partition(".")[0] == "kubernetes"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "kubernetes", None)
    entry = AuthProvider("oidc", {"id-token": FRESH})
    assert provider_token(entry, {}, Deadline(20)) == FRESH
    with pytest.raises(ClusterError, match="no Auth Provider found"):
        provider_token(AuthProvider("azure"), {}, Deadline(20))
    said = "gcp: no token" if installed else "gke-gcloud-auth-plugin"
    with pytest.raises(ClusterError, match=said):
        provider_token(AuthProvider("gcp", {}), {}, Deadline(20))


def test_a_valid_token_is_read_as_the_python_client_reads_it() -> None:
    """The oracle: the package that podx does without here."""
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KubeConfigLoader

    user = {"auth-provider": {"name": "oidc", "config": {"id-token": FRESH}}}
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://localhost"}}],
        "users": [{"name": "u", "user": user}],
    }
    target = Configuration()
    KubeConfigLoader(config_dict=config).load_and_set(target)
    assert (
        target.api_key["BearerToken"] == f"Bearer {id_token({'id-token': FRESH}, {}, Deadline(2))}"
    )
