"""Pods that look odd in public reports, and with which nothing is wrong."""

from __future__ import annotations

from e2e.manifests import AGNHOST, config_map, container, shell
from incidents.catalogue.healthy import healthy
from incidents.incident import Expected, service

INCIDENTS = (
    # kubernetes/kubernetes#130099
    healthy(
        "fine-dotted-keys",
        "keys of a ConfigMap that no shell takes for a name are in the environment all the same",
        shell(envFrom=[{"configMapRef": {"name": "fine-dotted-keys"}}]),
        objects=(
            config_map(
                "fine-dotted-keys",
                {"server.port": "8081", "LOG_LEVEL": "info", "1FOO": "x", "a-b": "c"},
            ),
        ),
    ),
    healthy(
        "fine-udp-service",
        "a Service of UDP, and a program that listens on UDP",
        container("app", AGNHOST, args=["netexec", "--http-port=8080", "--udp-port=5353"]),
        objects=(
            service(
                "fine-udp-service", ports=[{"port": 53, "protocol": "UDP", "targetPort": 5353}]
            ),
        ),
    ),
    # kubernetes/kubernetes#106049
    healthy(
        "fine-token-for-others",
        "the token where clients look for the API server's is for somebody else: worth a word",
        shell(
            volumeMounts=[
                {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
            ]
        ),
        volumes=[
            {
                "name": "token",
                "projected": {
                    "sources": [{"serviceAccountToken": {"path": "token", "audience": "vault"}}]
                },
            }
        ],
        expected=Expected(None, severity=("ok", "info"), codes=("TOK006",)),
    ),
)
