"""The command lines of the daemons."""

from pathlib import Path

from certificates import FRONT_PROXY
from configuration import CLUSTER_DOMAIN
from daemon import Daemon
from layout import Layout
from network import SERVICE_RANGE, Network

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# Of every cluster, beside its runtime.
NAMES = (*CONTROL_PLANE, "kubelet")
METRICS_SERVER = "metrics-server"


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
        f"--bind-address={network.api_address}",
        f"--secure-port={network.ports['apiserver']}",
        f"--advertise-address={network.host_address}",
        f"--etcd-servers=http://127.0.0.1:{network.ports['etcd']}",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        # No DNS knows the node's name.
        "--kubelet-preferred-address-types=InternalIP",
        # What other servers serve as part of its API; no kube-proxy finds their endpoints.
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki}/{FRONT_PROXY}.crt",
        f"--proxy-client-key-file={pki}/{FRONT_PROXY}.key",
        "--enable-aggregator-routing=true",
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
    # An emulated node may be silent for a minute, and be well.
    patience = ("--node-monitor-grace-period=10m",) if layout.node else ()
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
        *patience,
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


def metrics_server(layout: Layout, network: Network) -> Daemon:
    pki = layout.certificates
    kubeconfig = f"{pki}/metrics-server.kubeconfig"
    flags = (
        f"--bind-address={network.host_address}",
        f"--secure-port={network.ports['metrics_server']}",
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--tls-cert-file={pki}/metrics-serving.crt",
        f"--tls-private-key-file={pki}/metrics-serving.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        "--metric-resolution=15s",
    )
    return Daemon(METRICS_SERVER, flags)


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
