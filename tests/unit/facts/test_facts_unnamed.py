"""Words are matched in what a message says, not in the names that it holds."""

from __future__ import annotations

import pytest

from kubectl_podx.pod.start_error import start_failure
from kubectl_podx.pod.unnamed import without_names
from kubectl_podx.rules.waiting import pull_reason
from kubectl_podx.sections.scheduling.rules import plain

REFUSED = (
    'Failed to pull image "{image}": failed to pull and unpack image "{image}": failed to resolve '
    'reference "{image}": failed to do request: Head "https://127.0.0.1:1/v2/{path}/manifests/1": '
    "dial tcp 127.0.0.1:1: connect: connection refused"
)
UNREACHED = "the registry cannot be reached from the node"


@pytest.mark.parametrize(
    "path",
    ["enix/x509-certificate-exporter", "shop/geofence", "shop/denied", "tls/eof", "a/manifest-for"],
)
def test_a_refused_connection_is_one_whatever_the_image_is_called(path: str) -> None:
    image = f"127.0.0.1:1/{path}:1"
    assert pull_reason(REFUSED.format(image=image, path=path), image) == UNREACHED


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("docker.io/shop/x509:1: not found", "does not exist there"),
        ("tls: failed to verify certificate: x509: certificate signed by", "is not trusted"),
        ("remote error: tls: handshake failure", "the TLS handshake with the registry fails"),
        ("http: server gave HTTP response to HTTPS client", "plain HTTP"),
        ("dial tcp: lookup registry.example on 10.96.0.10:53: i/o timeout", "cannot be resolved"),
        ("dial tcp 10.0.0.1:443: i/o timeout", "cannot be reached"),
        ("unexpected EOF", "cannot be reached"),
        ("mkdir /var/lib/containerd: permission denied", "the runtime could not pull it"),
        ("pull access denied, repository does not exist", "refuses the credentials"),
        ("no space left on device", "disk is full"),
    ],
)
def test_what_the_message_itself_says(said: str, words: str) -> None:
    image = "docker.io/shop/x509:1"
    message = f'Failed to pull image "{image}": failed to pull and unpack image "{image}": {said}'
    assert words in pull_reason(message, image)


def test_a_name_without_quotes_is_cut_out() -> None:
    said = without_names("cannot use eof:1 of docker.io/a/tls:2, i/o timeout", "eof:1")
    assert said == "cannot use _ of _, i/o timeout"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "1 node(s) didn't match pod topology spread constraints (missing required label)",
            "they lack the label of the constraint's topologyKey",
        ),
        ("1 node(s) didn't match pod topology spread constraints", "spread unevenly"),
        (
            "1 node(s) had untolerated taint(s) {example.com/Too many pods: topology spread}",
            "taints are not tolerated",
        ),
        ('persistentvolumeclaim "Insufficient memory" not found', "a claim does not exist"),
    ],
)
def test_the_schedulers_reasons(reason: str, words: str) -> None:
    assert words in plain(reason)


def test_a_program_may_be_called_like_an_error() -> None:
    said = 'exec: "/opt/cwd/oom-killed": stat /opt/cwd/oom-killed: no such file or directory'
    assert start_failure(said) == '"/opt/cwd/oom-killed" does not exist in the image'
