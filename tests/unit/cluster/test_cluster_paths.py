import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.paths import BadNameError, api_path


def test_a_path_has_its_parts_in_order() -> None:
    assert (
        api_path("api/v1", "pods", "ns", "web-0", "log") == "/api/v1/namespaces/ns/pods/web-0/log"
    )
    assert api_path("apis/apps/v1", "deployments", None) == "/apis/apps/v1/deployments"


def test_a_name_is_quoted() -> None:
    assert api_path("api/v1", "roles", "n", "system:node é").endswith("/system%3Anode%20%C3%A9")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secrets/s1",
        "a/b",
        "a%2fb",
        "a?b",
        "a#b",
        "a\\b",
        "a\nb",
        "a\x00",
        "\u202e",
        "\ud800",
        "x" * 2000,
    ],
)
def test_a_name_that_is_no_path_segment_is_refused(name: str) -> None:
    with pytest.raises(BadNameError) as caught:
        api_path("api/v1", "configmaps", "default", name)
    assert str(caught.value).isprintable()
    with pytest.raises(BadNameError):
        api_path("api/v1", "pods", name, "web")


@given(st.text())
def test_no_name_leaves_its_segment(name: str) -> None:
    try:
        path = api_path("api/v1", "secrets", "ns", name)
    except BadNameError:
        return
    head, _, last = path.rpartition("/")
    assert head == "/api/v1/namespaces/ns/secrets"
    assert last not in ("", ".", "..")
    assert not set(last) & set("?#\\ \n")
