"""The configuration files of the node's daemons. JSON is YAML, so no template can break them."""

import json
from pathlib import Path

import runtimes
from layout import Layout
from network import Network
from versions import Versions

CLUSTER_DOMAIN = "cluster.local"
_DNS_ADDRESS = "10.96.0.10"
_FIRST_THAT_REFUSES_CGROUP_V1 = 31


def write(layout: Layout, network: Network, wanted: Versions, binaries: Path) -> None:
    layout.networks.mkdir(parents=True)
    (layout.networks / "10-podx.conflist").write_text(_cni(layout, network))
    runtimes.of(wanted.runtime).configure(layout, wanted.images["pause"], binaries)
    layout.kubelet_config.write_text(_json(_kubelet(layout, network, wanted)))


def _cni(layout: Layout, network: Network) -> str:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": network.pod_range}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(layout.folder / "cni"),
    }
    bridge = {
        "type": "bridge",
        "bridge": layout.pod_bridge,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": addresses,
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    # portmap's rules carry this name, and `down` knows them by it.
    return _json({"cniVersion": "1.0.0", "name": layout.name, "plugins": [bridge, portmap]})


def _kubelet(layout: Layout, network: Network, wanted: Versions) -> dict[str, object]:
    pki = layout.certificates
    settings: dict[str, object] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.node_address,
        "port": network.ports["kubelet"],
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": network.ports["kubelet_health"],
        "tlsCertFile": str(pki / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet-server.key"),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{runtimes.of(wanted.runtime).socket(layout)}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.name}",
        "failSwapOn": False,
        # Lowering it needs CAP_SYS_RESOURCE.
        "oomScoreAdj": 0,
        # Tests of changed ConfigMaps and Secrets need not wait a minute.
        "syncFrequency": "5s",
        "clusterDNS": [_DNS_ADDRESS],
        "clusterDomain": CLUSTER_DOMAIN,
        "serializeImagePulls": False,
        # No registry would bring an image back.
        "imageGCHighThresholdPercent": 100,
        # A full disk of a small machine is no reason to evict what tests look at.
        "evictionHard": {
            "memory.available": "64Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
            "imagefs.inodesFree": "1%",
        },
        "podLogsDir": str(layout.folder / "pod-logs"),
        "volumePluginDir": str(layout.volume_plugins),
        # There is no kube-proxy, and the host's tables are not ours.
        "makeIPTablesUtilChains": False,
    }
    if wanted.minor >= _FIRST_THAT_REFUSES_CGROUP_V1:
        # An older kubelet knows no such field, and takes no unknown one.
        settings["failCgroupV1"] = False
    return settings


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"
