"""The command lines of the daemons."""

from dataclasses import dataclass
from pathlib import Path

from configuration import CLUSTER_DOMAIN
from layout import Layout
from network import SERVICE_RANGE, Network

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "containerd",
    "kubelet",
)
# What else runs with the cluster's folder on its command line.
HELPERS = ("containerd-shim-runc-v2", "runc", "ctr")


@dataclass(frozen=True)
class Daemon:
    name: str
    flags: tuple[str, ...]


def environment(binaries: Path) -> dict[str, str]:
    """Nothing of the caller's (proxies, GODEBUG, GOMAXPROCS …) reaches a daemon. runc is ours,
    so it must be found before the system's."""
    return {"PATH": f"{binaries}:{_SYSTEM_PATH}", "HOME": "/root"}


def etcd(layout: Layout, network: Network) -> Daemon:
    client = f"http://127.0.0.1:{network.ports['etcd']}"
    peer = f"http://127.0.0.1:{network.ports['etcd_peer']}"
    flags = (
        f"--data-dir={layout.folder}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        # Nothing here outlives a power cut anyway.
        "--unsafe-no-fsync",
    )
    return Daemon("etcd", flags)


def api_server(layout: Layout, network: Network) -> Daemon:
    pki = layout.certificates
    flags = (
        "--bind-address=127.0.0.1",
        f"--secure-port={network.ports['apiserver']}",
        f"--advertise-address={network.node_address}",
        f"--etcd-servers=http://127.0.0.1:{network.ports['etcd']}",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        # No DNS knows the node's name.
        "--kubelet-preferred-address-types=InternalIP",
        # Pods cannot reach it, as there is no kube-proxy.
        "--endpoint-reconciler-type=none",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
    )
    return Daemon("kube-apiserver", flags)


def controller_manager(layout: Layout, network: Network) -> Daemon:
    pki = layout.certificates
    flags = (
        "--bind-address=127.0.0.1",
        f"--secure-port={network.ports['controller_manager']}",
        f"--kubeconfig={pki}/controller-manager.kubeconfig",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki}/service-accounts.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        # Else it makes one in /usr/libexec.
        f"--flex-volume-plugin-dir={layout.volume_plugins}",
    )
    return Daemon("kube-controller-manager", flags)


def scheduler(layout: Layout, network: Network) -> Daemon:
    flags = (
        "--bind-address=127.0.0.1",
        f"--secure-port={network.ports['scheduler']}",
        f"--kubeconfig={layout.certificates}/scheduler.kubeconfig",
        "--leader-elect=false",
    )
    return Daemon("kube-scheduler", flags)


def containerd(layout: Layout) -> Daemon:
    return Daemon("containerd", (f"--config={layout.containerd_config}",))


def kubelet(layout: Layout, network: Network) -> Daemon:
    flags = (
        f"--config={layout.kubelet_config}",
        f"--kubeconfig={layout.certificates}/kubelet.kubeconfig",
        f"--root-dir={layout.kubelet_root}",
        f"--cert-dir={layout.kubelet_root}/pki",
        f"--hostname-override={layout.name}",
        f"--node-ip={network.node_address}",
    )
    return Daemon("kubelet", flags)
