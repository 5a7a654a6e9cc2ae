#!/bin/sh
# What a person without podx runs: kubectl, call after call, until everything is collected that
# `kubectl podx describe POD` reports on. Needs kubectl only, as a good answer to the question
# "what is wrong with this pod" would.
#
#   collect.sh NAMESPACE POD
set -eu
namespace=$1
pod=$2

ask() {
  kubectl --namespace "$namespace" "$@"
}

# One line for each name of a kind that the pod mentions. The template's fields are kubectl's own.
names() {
  printf '%s\n' "$mentioned" | sed -n "s/^$1 //p" | sort -u
}

mentioned=$(ask get pod "$pod" --output go-template='
{{- range .spec.volumes}}
{{- with .configMap}}{{"\n"}}configmap {{.name}}{{end}}
{{- with .secret}}{{"\n"}}secret {{.secretName}}{{end}}
{{- with .projected}}{{range .sources}}
{{- with .configMap}}{{"\n"}}configmap {{.name}}{{end}}
{{- with .secret}}{{"\n"}}secret {{.name}}{{end}}
{{- end}}{{end}}
{{- end}}
{{- range .spec.containers}}{{"\n"}}container {{.name}}
{{- range .envFrom}}
{{- with .configMapRef}}{{"\n"}}configmap {{.name}}{{end}}
{{- with .secretRef}}{{"\n"}}secret {{.name}}{{end}}
{{- end}}
{{- range .env}}{{with .valueFrom}}
{{- with .configMapKeyRef}}{{"\n"}}configmap {{.name}}{{end}}
{{- with .secretKeyRef}}{{"\n"}}secret {{.name}}{{end}}
{{- end}}{{end}}
{{- end}}
{{- range .metadata.ownerReferences}}{{"\n"}}owner {{.kind}}/{{.name}}{{end}}
account {{.spec.serviceAccountName}}
node {{.spec.nodeName}}
uid {{.metadata.uid}}
')

kubectl version --output json
ask get pod "$pod" --output json
ask get events --field-selector "involvedObject.uid=$(names uid)" --output json
for name in $(names configmap); do ask get configmap "$name" --output json; done
for name in $(names secret); do ask get secret "$name" --output json; done
for name in $(names owner); do ask get "$name" --output json; done
ask get serviceaccount "$(names account)" --output json
ask get services --output json
ask get endpointslices --output json
kubectl get node "$(names node)" --output json
kubectl get --raw "/api/v1/nodes/$(names node)/proxy/metrics/probes"
for name in $(names container); do
  # shellcheck disable=SC2016 # the container's shell expands it
  ask exec "$pod" --container "$name" -- sh -c '
    cat /proc/1/mountinfo /proc/1/status /proc/1/cgroup /proc/net/tcp /proc/net/tcp6
    ls -l /proc/[0-9]*/ns/
    tr "\0" "\n" </proc/1/environ
    env
    cat /etc/hosts /etc/resolv.conf
    cat /sys/fs/cgroup/memory.* /sys/fs/cgroup/memory/memory.*_in_bytes 2>/dev/null
    df
    for mount in $(sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* tmpfs .*/\1/p" /proc/1/mountinfo); do
      find "$mount" -type f -exec sha256sum {} + 2>/dev/null
    done
    true'
done
