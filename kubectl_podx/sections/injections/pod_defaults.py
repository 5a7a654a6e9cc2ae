"""What the API server fills into a pod that says nothing: pkg/apis/core/v1/defaults.go.

A pod that was written by hand has these beside what its manifest says; the template of a workload
has most of them already.
"""

from __future__ import annotations

import re
from typing import Any

from kubectl_podx.model.raw import Json, mapping

# Path, with every item of a list as [] -> the values that are defaults there.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "spec.restartPolicy": ("Always",),
    "spec.dnsPolicy": ("ClusterFirst",),
    "spec.schedulerName": ("default-scheduler",),
    "spec.terminationGracePeriodSeconds": (30,),
    "spec.securityContext": ({},),
    "spec.enableServiceLinks": (True,),
    "spec.hostNetwork": (False,),
    "container.terminationMessagePath": ("/dev/termination-log",),
    "container.terminationMessagePolicy": ("File",),
    "container.imagePullPolicy": ("Always", "IfNotPresent"),
    "container.resources": ({},),
    "container.ports[].protocol": ("TCP",),
    "container.probe.timeoutSeconds": (1,),
    "container.probe.periodSeconds": (10,),
    "container.probe.successThreshold": (1,),
    "container.probe.failureThreshold": (3,),
    "container.probe.httpGet.scheme": ("HTTP",),
    "container.probe.httpGet.path": ("/",),
    "container.probe.grpc.service": ("",),
    "container.lifecycle.preStop.httpGet.scheme": ("HTTP",),
    "container.lifecycle.preStop.httpGet.path": ("/",),
    "container.lifecycle.postStart.httpGet.scheme": ("HTTP",),
    "container.lifecycle.postStart.httpGet.path": ("/",),
    "container.securityContext.procMount": ("Default",),
    "volume.configMap.defaultMode": (0o644,),
    "volume.secret.defaultMode": (0o644,),
    "volume.downwardAPI.defaultMode": (0o644,),
    "volume.downwardAPI.items[].fieldRef.apiVersion": ("v1",),
    "volume.projected.defaultMode": (0o644,),
    "volume.projected.sources[].serviceAccountToken.expirationSeconds": (3600,),
    "volume.projected.sources[].downwardAPI.items[].fieldRef.apiVersion": ("v1",),
    "volume.ephemeral.volumeClaimTemplate.spec.volumeMode": ("Filesystem",),
}
_ITEM = re.compile(r"\[[^\]]*\]")
_CONTAINER = re.compile(r"^spec\.(?:init|ephemeral)?[cC]ontainers\[\]")
_PROBE = re.compile(r"^container\.(?:liveness|readiness|startup)Probe")
_VOLUME = re.compile(r"^spec\.volumes\[\]")
_REQUEST = re.compile(r"^container\.resources\.requests\.(.+)$")


def is_default(path: str, value: Any, container: Json | None = None) -> bool:
    """Whether the API server would have put this value there.

    `container`: the container that the path is in; requests that are not written follow its limits.
    """
    plain = _CONTAINER.sub("container", _ITEM.sub("[]", path))
    plain = _PROBE.sub("container.probe", plain)
    plain = _VOLUME.sub("volume", plain)
    limits = mapping(container, "resources", "limits")
    request = _REQUEST.match(plain)
    if request:
        return value is not None and limits.get(request[1]) == value
    return any(value == one and type(value) is type(one) for one in _DEFAULTS.get(plain, ()))
