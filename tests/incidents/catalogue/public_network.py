"""Probes and Services that ask at the wrong place, as people reported them."""

from __future__ import annotations

from e2e.manifests import AGNHOST, container, secret, shell
from incidents.catalogue.probe_kills import FAST
from incidents.catalogue.public import WEB
from incidents.incident import Expected, Incident, broken, service
from incidents.when import event, every, looping, ready, running, running_for

# Of nobody: made for these tests, and valid for a hundred years.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUKTQkDtHzAr/WNAGBe4q/Z7G7XrwwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2hvcDAgFw0yNjExMzAyMDEzMDFaGA8yMTI2MTEwNjIwMTMw
MVowDzENMAsGA1UEAwwEc2hvcDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCJ+
piA4O5ey7ai4XEIfAx8JBzRpPu+mDVkPohfQy9NCQ3uRQNgq0O2NgRRHuOXJ36aK
z730aJx8vtwtC3PmqlmjUzBRMB0GA1UdDgQWBBS3bly4RgsgK2C9krXV5GEMxxVL
JjAfBgNVHSMEGDAWgBS3bly4RgsgK2C9krXV5GEMxxVLJjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQC3rt25i+ZJJi6S6OXpSaLJd1zBI1hf1aQT
mcchOAl/QQIhAPJiwMQ3XlU9f0WlF8gN95+TzgvUSPvxh+KiQnkUBkxf
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgissOGt1EHMTS/XsH
DZYhR6AzQILsvIQzhn4lYCfoKSGhRANCAAQifqYgODuXsu2ouFxCHwMfCQc0aT7v
pg1ZD6IX0MvTQkN7kUDYKtDtjYEUR7jlyd+mis+99GicfL7cLQtz5qpZ
-----END PRIVATE KEY-----
"""
TLS = {"name": "tls", "mountPath": "/tls"}


def misled(name: str, story: str, script: str, *words: str) -> Incident:
    """It is well, and its Service leads to where nobody answers."""
    return broken(
        name,
        story,
        shell(script),
        objects=(service(name, target=8081),),
        # A socket that is not there counts only some time after the start.
        until=every(ready, running_for(35)),
        expected=Expected(
            severity=("warning",), words=(f"Service {name} leads to port 8081", *words)
        ),
    )


INCIDENTS = (
    broken(
        "liveness-http-to-tls",
        "an http probe against a port of TLS (helm/charts#10126, weaveworks/weave-gitops#3116)",
        container(
            "app",
            AGNHOST,
            args=[
                "netexec",
                "--http-port=8443",
                "--udp-port=-1",
                "--tls-cert-file=/tls/tls.crt",
                "--tls-private-key-file=/tls/tls.key",
            ],
            ports=[{"name": "https", "containerPort": 8443}],
            volumeMounts=[TLS],
            livenessProbe={"httpGet": {"path": "/healthz", "port": "https"}, **FAST},
        ),
        objects=(secret("liveness-http-to-tls", {"tls.crt": CERTIFICATE, "tls.key": KEY}),),
        volumes=[{"name": "tls", "secret": {"secretName": "liveness-http-to-tls"}}],
        until=looping(),
        expected=Expected(
            "livenessProbe",
            at_least="possible",
            words=("liveness probe", "HTTP 400", "TLS"),
            codes=("PRB031",),
        ),
    ),
    broken(
        "readiness-port-of-a-neighbour",
        "the port's name belongs to another container (helm/helm#4009, jacksontj/promxy#372)",
        shell(
            ports=[{"name": "api", "containerPort": 7000}],
            readinessProbe={"httpGet": {"path": "/", "port": "admin"}, **FAST},
        ),
        shell(WEB, "proxy", ports=[{"name": "admin", "containerPort": 8080}]),
        until=every(running(), event("Unhealthy", "errored", times=4)),
        expected=Expected(words=('names port "admin"', "app does not declare", "proxy")),
    ),
    misled(
        "service-to-another-port",
        "its Service leads to another port than the program's (rhobs/troubleshooting-scenarios#46)",
        WEB,
        "where nothing listens",
        "8080",
    ),
    misled(
        "service-to-loopback",
        "the program listens on 127.0.0.1 only, and no probe says so (kubernetes/website#7281)",
        "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 127.0.0.1:8081 -h /www",
        "only 127.0.0.1",
    ),
)
