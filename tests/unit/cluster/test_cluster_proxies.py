import pytest

from kubectl_podx.cluster.tls import Proxy, proxy_for, uses_proxy
from kubectl_podx.model.errors import InputError


@pytest.mark.parametrize(
    ("host", "port", "no_proxy", "through"),
    [
        ("api.example.com", 443, "", True),
        ("localhost", 443, "", False),
        ("127.0.0.9", 443, "", False),
        ("::1", 443, "", False),
        ("api.example.com", 443, "*", False),
        ("api.example.com", 443, "example.com", False),
        ("example.com", 443, "example.com", False),
        ("example.com", 443, ".example.com", True),
        ("api.example.com", 443, ".example.com", False),
        ("api.example.com", 443, "*.example.com", False),
        ("example.com", 443, "*.example.com", True),
        ("badexample.com", 443, "example.com", True),
        ("API.Example.com", 443, "EXAMPLE.COM", False),
        ("api.example.com", 6443, "example.com:443", True),
        ("api.example.com", 443, "foo, example.com:443", False),
        ("10.1.2.3", 443, "10.0.0.0/8", False),
        ("11.1.2.3", 443, "10.0.0.0/8", True),
        ("10.1.2.3", 443, "10.1.2.3", False),
        ("10.1.2.3", 443, "10.1.2.3:6443", True),
        ("fd00::1", 443, "[fd00::1]:443", False),
        ("fd00::1", 443, "fd00::/8", False),
        ("10.1.2.3", 443, "example.com,nonsense/99,:80", True),
        ("h.example.com", 443, "10.0.0.0/8,,:80", True),
    ],
)
def test_no_proxy_follows_gos_rules(host: str, port: int, no_proxy: str, through: bool) -> None:
    assert uses_proxy(host, port, no_proxy) is through


@pytest.mark.parametrize(
    ("scheme", "environ", "found"),
    [
        ("https", {"HTTPS_PROXY": "http://p:1"}, Proxy("p", 1)),
        ("https", {"https_proxy": "p:3128"}, Proxy("p", 3128)),
        ("https", {"HTTPS_PROXY": "", "https_proxy": "http://q"}, Proxy("q", 80)),
        ("https", {"HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"}, None),
        ("http", {"HTTP_PROXY": "http://p:1"}, Proxy("p", 1)),
        ("http", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https", {"HTTPS_PROXY": "http://u:p%40@h:1"}, Proxy("h", 1, "Basic dTpwQA==")),
        ("https", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "h"}, None),
    ],
)
def test_the_environments_proxy_goes_by_the_servers_scheme(
    scheme: str, environ: dict[str, str], found: Proxy | None
) -> None:
    assert proxy_for(scheme, "h", 6443, "", environ) == found


def test_the_kubeconfigs_proxy_applies_whatever_no_proxy_says() -> None:
    assert proxy_for("https", "localhost", 1, "http://p:2", {"NO_PROXY": "*"}) == Proxy("p", 2)


@pytest.mark.parametrize(
    "url", ["socks5://p:1", "https://u:secret@p:1", "ftp://p", "http://p:x", "http://"]
)
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_url(url: str) -> None:
    with pytest.raises(InputError) as caught:
        proxy_for("https", "h", 1, url, {})
    assert "secret" not in str(caught.value)
