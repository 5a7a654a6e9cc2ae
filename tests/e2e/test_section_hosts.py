"""Hosts and DNS: /etc/hosts against hostAliases, host names, resolv.conf against dnsConfig."""

from __future__ import annotations

import pytest

from e2e.manifests import FOREVER, pod, shell
from e2e.reports import assert_healthy, codes, finding, row
from e2e.support import Bench

pytestmark = pytest.mark.cluster

OVERRIDES = 35
ALIASES = [{"ip": "127.0.0.1", "hostnames": ["foo.local", "bar.local"]}]
OVERWRITE = "printf '127.0.0.1 localhost\\n' > /etc/hosts"


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, server: int) -> None:
    """Every pod of the module, started together."""
    bench.start(
        pod(
            "hosts-pod",
            shell(),
            shell(name="other"),
            hostAliases=ALIASES,
            hostname="web",
            subdomain="shop",
            dnsPolicy="None",
            dnsConfig={
                "nameservers": ["192.0.2.53"],
                "searches": ["shop.example"],
                "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
            },
        ),
        pod("writes", shell(f"echo '192.0.2.7 hand.made' >> /etc/hosts; {FOREVER}")),
        pod("forgets", shell(f"{OVERWRITE}; {FOREVER}"), hostAliases=ALIASES),
        *([pod("renamed", hostnameOverride="given-name")] if server >= OVERRIDES else []),
        pod("on-node", hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"),
    )


def test_aliases_names_and_dns_as_declared(bench: Bench) -> None:
    report = bench.report("hosts-pod")
    hosts = report["hosts"]
    assert [(one["ip"], one["hostnames"], one["state"]) for one in hosts["aliases"]] == [
        ("127.0.0.1", ["foo.local", "bar.local"], "present")
    ] * 2
    assert (hosts["hostname"], hosts["observedHostname"], hosts["subdomain"]) == (
        "web",
        "web",
        "shop",
    )
    assert (hosts["dnsPolicy"], hosts["nameservers"], hosts["searches"]) == (
        "None",
        ["192.0.2.53"],
        ["shop.example"],
    )
    assert set(hosts["options"]) == {"ndots:2", "edns0"}
    assert hosts["differs"] == []
    assert_healthy(report)


def test_a_line_that_nobody_declared(bench: Bench) -> None:
    report = bench.report("writes")
    alias = row(report["hosts"], "aliases", state="undeclared")
    assert (alias["ip"], alias["hostnames"]) == ("192.0.2.7", ["hand.made"])
    assert "192.0.2.7 hand.made" in finding(report, "HST002")["title"]
    assert report["verdict"]["severity"] == "ok"


def test_an_alias_that_the_program_overwrote(bench: Bench) -> None:
    report = bench.report("forgets")
    assert row(report["hosts"], "aliases")["state"] == "missing"
    assert "foo.local" in finding(report, "HST001")["title"]
    assert report["verdict"]["severity"] == "warning"


@pytest.mark.needs_server("1.35", "hostnameOverride")
def test_a_host_name_of_its_own(bench: Bench) -> None:
    hosts = bench.report("renamed")["hosts"]
    assert (hosts["hostname"], hosts["observedHostname"], hosts["differs"]) == (
        "given-name",
        "given-name",
        [],
    )


def test_a_pod_on_the_nodes_network_has_the_nodes_name_and_file(bench: Bench) -> None:
    report = bench.report("on-node")
    # Its kernel name; what it is called in the cluster may be another one.
    assert report["hosts"]["observedHostname"] not in ("", "on-node", None)
    assert report["hosts"]["hostname"] == ""
    # The node's own lines of /etc/hosts are nothing that the pod has too many.
    assert codes(report).isdisjoint({"HST001", "HST002", "HST003"})
