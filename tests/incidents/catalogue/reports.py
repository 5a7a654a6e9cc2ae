"""Which incidents stand for the troubles that people reported in public.

Each report's trouble was made anew as an incident, recorded, and says what must, and what must
never be said of it (`Expected`): no report is left to chance.
"""

from __future__ import annotations

REPORTS: dict[str, tuple[str, ...]] = {
    # kubernetes/kubernetes#109537
    "a01-onfailure-liveness": ("liveness-on-failure-exit-0",),
    # moby/moby#30593, dotnet/runtime#102785
    "a02-abort-as-pid1": ("crash-abort-as-pid-1",),
    # kubernetes-sigs/kind#2178, dsx-ai-factory/infra-controller#2676
    "a04-sigpipe": ("signal-pipe",),
    # bodleian/iiif-static-choices#20, ericc-ch/copilot-api#137
    "a07-crlf-script": ("why-script-of-windows",),
    # luksa/kubernetes-in-action-2nd-edition#35, kubernetes/kubernetes#33315
    "a08-script-not-executable": ("why-script-mode-in-shell",),
    # apache/shenyu#5490
    "a09-command-one-string": ("start-command-in-one-item",),
    # helm/charts#5438, helm/charts#4407, jameswynn/helm-charts#12
    "a10-chown-configmap": ("why-read-only-config-map",),
    # kubernetes/node-problem-detector#797, aquasecurity/tracee#2757
    "a11-exec-format": ("start-wrong-format",),
    # awslabs/amazon-eks-ami#239
    "a12-fork-limit": ("exit-process-limit",),
    "a13-spring-caused-by": ("exit-deepest-cause",),
    # kubernetes/kubernetes#53125
    "a16-stdin-closed": ("completed-shell-without-stdin",),
    # kubernetes/website#24390, apache/pulsar-helm-chart#554
    "a17-java-oom-exit3": ("exit-java-heap",),
    # kubernetes/enhancements#6050, k/website#36453, k/k#114142
    "b01-tmpfs-left-by-init": ("oom-pod-limit-by-files-of-init",),
    # kubernetes/kubernetes#63641
    "b02-pod-level-neighbour": (
        "start-oom-memory-used-up",
        "oom-pod-limit-by-files-of-neighbour",
    ),
    # kubernetes/kubernetes#114142
    "b03-pod-level-plain": ("oom-pod-level-limit",),
    # kubernetes-sigs/kubernetes-mixin#822
    "b04-probe-eats-memory": ("liveness-probe-eats-memory",),
    # kubernetes/kubernetes#131530
    "b05-sibling-mark": ("oom-mark-on-a-neighbour",),
    # networkservicemesh/networkservicemesh#2041
    "c01-probe-host-loopback": ("why-probe-host",),
    # helm/charts#10126, weaveworks/weave-gitops#3116, observatorium/api#36
    "c02-http-to-tls": ("liveness-http-to-tls",),
    # cloudposse/docs#161
    "c03-https-to-plain": ("why-scheme-https",),
    # helm/helm#4009, jacksontj/promxy#372
    "c05-port-name-of-neighbour": ("readiness-port-of-a-neighbour",),
    # kubernetes/kubernetes#61436
    "c06-liveness-by-neighbour": ("why-probe-of-neighbour",),
    "c07-startup-hides": ("startup-takes-an-hour",),
    # kubernetes/kubernetes#89898
    "c08-readiness-flaps": ("readiness-comes-and-goes",),
    # getlago/lago-helm-charts#149, apache/shenyu#5490
    "c09-probe-with-shell-words": ("liveness-shell-words",),
    # kubernetes-retired/blixt#75, prometheus/blackbox_exporter#904
    "c10-grpc-wrong-service": ("liveness-grpc-unknown-service",),
    # kubernetes-retired/blixt#75
    "c11-grpc-to-http": ("readiness-grpc-to-http",),
    # datazip-inc/olake-helm#176, kubernetes/kubernetes#81042, helm/charts#2989
    "c12-probe-leaves-processes": ("probe-leaves-zombies",),
    # kubernetes/kubernetes#64715
    "c13-killing-takes-long": ("stopping-liveness",),
    # kubernetes/kubernetes#124226
    "c16-exec-probe-hangs": ("readiness-exec-hangs",),
    # networkservicemesh/networkservicemesh#2041
    "c19-readiness-host-loopback": ("why-readiness-host",),
    # passbolt/charts-passbolt#26, h2oai/h2ogpt#1603
    "d01-init-waits": (
        "why-init-waits-in-vain",
        "why-init-waits",
    ),
    # kubernetes/kubernetes#25908, istio/istio#11045, Azure/azure-workload-identity#773
    "d03-job-with-plain-sidecar": ("job-kept-by-proxy",),
    # istio/istio#11130
    "d04-app-first-without-proxy": ("recovered-after-its-proxy",),
    # element-hq/ess-helm#888
    "d05-init-wrote-as-root": (
        "exit-file-of-an-init-container",
        "why-files-of-init",
    ),
    # kubernetes/enhancements#4880
    "d06-sidecar-never-starts-in-job": (
        "sidecar-never-up",
        "job-sidecar-fails",
    ),
    "d07-container-never-in-always-pod": ("worker-never-in-an-always-pod",),
    "d08-rule-did-not-match": ("rule-matches-another-code",),
    # kubernetes/kubernetes#40908
    "d09-done-with-failed-peer": ("one-of-three-failed",),
    # kubernetes/kubernetes#74848
    "e01-job-onfailure-pod-gone": (
        "job-pod-gone",
        "job-deletes-its-pod-after-an-exit",
    ),
    # kubernetes/kubernetes#78644
    "e02-job-deadline": ("job-deadline",),
    # kubernetes/kubernetes#54870, yahoo/kubectl-flame#49
    "e04-job-retries": ("job-back-off",),
    # kubernetes/kubernetes#58748, k/website#44796
    "e05-cron-forbid": ("cron-forbid",),
    "e06-job-suspended": ("job-suspended",),
    # kubernetes/kubernetes#30042, bitnami/charts#6523, linkerd/linkerd2#7659
    "f01-poststart-hangs": ("post-start-hangs",),
    # kubernetes/kubernetes#65496
    "f03-prestop-longer-than-grace": ("deleting-in-its-hook",),
    # maxmind/geoipupdate#135
    "f05-shell-wrapper-term": ("deleting-a-shell-that-ignores-term",),
    "f06-termination-path": ("exit-message-elsewhere",),
    # kubernetes/kubernetes#67250, valkey-io/valkey-operator#410
    "g01-sts-forced-rollback": ("sts-forced-rollback",),
    # kubernetes/kubernetes#126033
    "i01-resize-infeasible-then-oom": ("resize-refused-then-oom",),
    # kubernetes/kubernetes#123441
    "i02-resize-below-use": (
        "resize-below-use",
        "resize-in-force",
    ),
    # kubernetes/kubernetes#124333, k/website#51114
    "j01-logs-fill-storage": ("evicted-by-its-logs",),
    # jimmidyson/configmap-reload#73, nats-io/nats-operator#48
    "k01-reloader-terms-app": ("signal-neighbour-handled",),
    "k03-tmp-readiness-flap-service": ("exit-klog-fatal",),
    "fallback-message": ("exit-fallback-of-several-lines",),
    # stefanprodan/podinfo#14, osixia/container-openldap#457, moghtech/komodo#717
    "svclink-port": ("why-link",),
    # kubernetes/kubernetes#90466, vllm-project/aibrix#2107
    "var-order": ("why-variable-order",),
    # hashicorp/consul-helm#364, equinor/sdp-flux#114
    "args-brace": ("why-brace-in-args",),
    # useparagon/enterprise-installer#195, netbirdio/kubernetes-operator#36
    "optional-secret": ("why-optional-secret",),
    # kubernetes/kubernetes#130099
    "dotted-keys": ("fine-dotted-keys",),
    # kubernetes/kubernetes#23404
    "newline-secret": ("why-newline",),
    # kubernetes/kubernetes#44815, 0xERR0R/blocky#877
    "cm-hides-binary": ("start-hidden-by-a-mount",),
    # kubernetes-sigs/kustomize#2202, onedr0p/home-ops#4951
    "subpath-wrong-key": ("why-sub-path-without-key",),
    # kubernetes/kubernetes#71356
    "script-mode": ("why-script-mode",),
    # kubernetes/node-problem-detector#797, GoogleCloudPlatform/microservices-demo#2688
    "exec-format": ("why-program-of-arm",),
    # aquasecurity/tracee#2757
    "no-shebang": ("why-script-without-shebang",),
    # cybozu-go/neco#730, docker-library/drupal#258
    "readonly-root": ("why-read-only-root",),
    # bitnami/charts#1210
    "hostpath-owner": ("why-host-path-owner",),
    # rwlove/home-ops#11143, nself-org/cli#276
    "drop-all-chown": ("why-chown-dropped",),
    # hjacobs/kube-resource-report#146
    "bind-80": ("why-port-80",),
    # goharbor/harbor-operator#82
    "root-vs-nonroot": ("run-as-root-contradicted",),
    # kubernetes/kubernetes#88755
    "seccomp-missing": ("seccomp-profile-missing",),
    # bmuschko/cks-crash-course#2
    "apparmor": ("rejected-app-armor",),
    # apache/apisix#2070
    "sysctl-forbidden": ("rejected-sysctl",),
    # bitnami/sealed-secrets#1161, kubernetes-retired/dashboard#7718
    "no-token": ("why-no-token",),
    # vmware-archive/kubewatch#95, mikkeloscar/pdb-controller#31
    "rbac-forbidden": ("why-forbidden",),
    # kubernetes/kubernetes#106049
    "wrong-audience": ("fine-token-for-others",),
    # kubernetes/kubernetes#35761, kubermatic/kubeone#1178
    "hostnet-dns": ("why-host-network-dns",),
    # clearml/clearml-helm-charts#177, chatwoot/charts#200
    "init-wait": ("why-init-waits",),
    # kubernetes/website#7281
    "loopback-svc": (
        "service-to-loopback",
        "fine-service-unchecked",
    ),
    # rhobs/troubleshooting-scenarios#46
    "wrong-target": ("service-to-another-port",),
    "svc-udp-ok": ("fine-udp-service",),
    # nats-io/k8s#441, qdrant/qdrant-helm#115
    "headless-wait": ("why-headless-peers",),
    # kubernetes/kubernetes#128339
    "tmpfs-oom": ("why-files-in-memory",),
    # hashicorp/consul-helm#48, apecloud/kubeblocks#5757
    "pvc-noclass": ("claim-class-missing",),
    # kubeflow/kubeflow#3481
    "pv-released": ("claim-volume-released",),
    # suxess-it/kubriX#893
    "rwop": ("claim-one-pod",),
    # SREGym/SREGym#854
    "spread-label": ("pending-spread-label",),
    "anti-affinity": ("deploy-anti-affinity",),
    # rook/rook#5932
    "selector-typo": ("pending-label-case",),
    # kubernetes/website#42329
    "pull-secret-ns": ("image-pull-secret-elsewhere",),
    "wrong-tag": ("image-unknown-tag",),
    # redhat-developer/odo#6847, app-sre/dvo#416
    "psa-deploy": ("deploy-pod-security",),
    # kubernetes/kubernetes#55037
    "quota-partial": ("deploy-quota-partial",),
    # kubernetes-sigs/kubebuilder#3052, gopaddle-io/configurator#74
    "webhook-down": ("deploy-webhook-gone",),
    # istio/istio#11045
    "job-sidecar": ("job-kept-by-proxy",),
    # istio/istio#16481
    "istio-init-caps": ("why-iptables-dropped",),
    "limit-unset": ("fine-without-limit",),
    # clearml/clearml-helm-charts#177
    "init-loop": ("why-init-waits",),
    "log-hidden": ("exit-log-about-secrets",),
    "pull-name-cert": ("image-called-certificate",),
    "probe-exit0": ("startup-without-shell",),
    "long-traceback": ("exit-traceback-without-head",),
}
"""Name of a report's trouble -> the incidents that show it, above each where it is from."""
