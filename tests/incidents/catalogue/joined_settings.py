"""Ends that a variable or a word of the command explains."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, config_map, container, secret, shell
from e2e.support import Manifest
from incidents.catalogue.healthy import healthy
from incidents.catalogue.joined import because
from incidents.incident import service


def from_secret(variable: str, name: str, key: str, **more: Any) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key, **more}}}


def says(words: str, code: int = 1) -> str:
    return f'sleep 1; echo "{words}"; exit {code}'


# Issued for the years 2090 to 2120.
OF_TOMORROW = """\
-----BEGIN CERTIFICATE-----
MIIBEjCBugIBATAKBggqhkjOPQQDAjANMQswCQYDVQQDDAJjYTAiGA8yMDkwMDEw
MTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkwFwYDVQQDDBB0b21vcnJvdy5l
eGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESYZj9kA6y3OuIO/quC3Y
fC0wH79iD5YqMbP8R0fLyHut/gAWc3JJ+FIDmy1nnY8ChEhD530MkoXfRECquzL1
izAKBggqhkjOPQQDAgNHADBEAiAQ3bwwTzWNQAzk3Isc28Rkzffsv8pILAh2+SVX
KW7oAgIgUNgwe83DtcT75FlcjpOD5Dp9VvejO+50iI2sia1A18Q=
-----END CERTIFICATE-----
"""
NEWLINE = secret("why-newline", {"password": "s3cr3tpw\n"})
LINK = "why-link"

INCIDENTS = (
    because(
        "why-optional-secret",
        "an optional Secret does not exist, and the program needs its variable "
        "(useparagon/enterprise-installer#195)",
        shell(
            'sleep 1; [ -n "$API_KEY" ] || { echo "API_KEY must be set" >&2; exit 1; }',
            env=[from_secret("API_KEY", "provider-key", "key", optional=True)],
        ),
        words=("optional Secret provider-key does not exist", "variable API_KEY is not set"),
        codes=("ENV010",),
    ),
    because(
        "why-optional-map",
        "an optional envFrom does not exist (netbirdio/kubernetes-operator#36)",
        shell(
            "set -u; sleep 1; echo $DATABASE_URL",
            envFrom=[{"configMapRef": {"name": "settings", "optional": True}}],
        ),
        words=("optional ConfigMap settings does not exist", "variable DATABASE_URL is not set"),
        codes=("ENV010",),
    ),
    because(
        "why-not-declared",
        "a variable is called otherwise than the program calls it",
        shell("set -u; sleep 1; echo $DATABASE_URL", env=[{"name": "APP_DATABASE_URL"}]),
        words=("have no variable DATABASE_URL (there is APP_DATABASE_URL)",),
        codes=("ENV011",),
    ),
    because(
        "why-variable-order",
        "a variable refers to one that stands further down (kubernetes/kubernetes#90466)",
        shell(
            'sleep 1; echo "cannot open $DSN"; exit 1',
            env=[{"name": "DSN", "value": "/data/$(HOST)"}, {"name": "HOST", "value": "redis"}],
        ),
        words=("variable DSN holds a $(VAR) as it is written",),
        codes=("ENV012", "ENV004"),
    ),
    because(
        "why-reference-in-a-map",
        "a ConfigMap's value has a $(VAR), which nobody replaces",
        shell(
            'sleep 1; echo "cannot open $FOLDER"; exit 1',
            env=[{"name": "HOST", "value": "redis"}],
            envFrom=[{"configMapRef": {"name": "why-reference-in-a-map"}}],
        ),
        objects=(config_map("why-reference-in-a-map", {"FOLDER": "/data/$(HOST)"}),),
        words=("variable FOLDER comes from ConfigMap why-reference-in-a-map",),
        codes=("ENV012",),
    ),
    because(
        "why-brace-in-args",
        "args without a shell have a ${VAR} (hashicorp/consul-helm#364)",
        container(
            "app",
            command=["httpd"],
            args=["-f", "-p", "${LISTEN}:8080"],
            env=[{"name": "LISTEN", "value": "127.0.0.1"}],
        ),
        words=("args[2] has ${LISTEN}, and no shell replaces it",),
        codes=("ENV013",),
    ),
    because(
        "why-newline",
        "a Secret's value ends with a line break (kubernetes/kubernetes#23404)",
        shell(
            '[ "$(printf %s "$DB_PASSWORD" | wc -c)" = 8 ] || { echo "FATAL: password '
            'authentication failed for user app"; exit 1; }',
            env=[from_secret("DB_PASSWORD", "why-newline", "password")],
        ),
        objects=(NEWLINE,),
        words=("key password of Secret why-newline ends with a line break",),
        codes=("ENV015",),
        never=("s3cr3tpw",),
    ),
    because(
        "why-newline-in-file",
        "a Secret's file ends with a line break",
        shell(
            'sleep 1; [ "$(wc -c < /etc/db/password)" = 8 ] || { echo "FATAL: password '
            'authentication failed for user app"; exit 1; }',
            volumeMounts=[{"name": "db", "mountPath": "/etc/db"}],
        ),
        objects=(secret("why-newline-in-file", {"password": "s3cr3tpw\n"}),),
        volumes=[{"name": "db", "secret": {"secretName": "why-newline-in-file"}}],
        words=("/etc/db/password (key password of Secret why-newline-in-file)", "line break"),
        codes=("FIL027",),
        never=("s3cr3tpw",),
    ),
    because(
        "why-certificate-of-tomorrow",
        "a certificate is not valid yet, by the clock of whoever issued it",
        shell(
            says(
                "tls: failed to verify certificate: x509: certificate has expired or is not yet "
                "valid: current time is before 2090-01-01T00:00:00Z"
            ),
            volumeMounts=[{"name": "tls", "mountPath": "/etc/tls"}],
        ),
        objects=(secret("why-certificate-of-tomorrow", {"tls.crt": OF_TOMORROW}),),
        volumes=[{"name": "tls", "secret": {"secretName": "why-certificate-of-tomorrow"}}],
        words=("/etc/tls/tls.crt", "is not valid before 2090-01-01T00:00:00Z"),
        codes=("FIL028", "FIL017"),
    ),
    because(
        LINK,
        "a Service sets the variable that the program reads its port from "
        "(stefanprodan/podinfo#14, osixia/container-openldap#457)",
        shell(
            'sleep 1; case "$WHY_LINK_PORT" in tcp:*) echo "fatal: listen tcp: address '
            ':$WHY_LINK_PORT: too many colons in address" >&2; exit 1;; esac'
        ),
        objects=(service(LINK),),
        enableServiceLinks=True,
        words=(f"Service {LINK} sets variable WHY_LINK_PORT to tcp://", "enableServiceLinks"),
        codes=("ENV014",),
    ),
)
HEALTHY = (
    healthy(
        "fine-optional-secret",
        "an optional Secret that is not there, and a program that does without",
        shell(
            f"echo 'API_KEY is not set: telemetry is off'; {FOREVER}",
            env=[from_secret("API_KEY", "provider-key", "key", optional=True)],
        ),
    ),
)
