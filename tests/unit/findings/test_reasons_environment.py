"""Reasons in the environment: a variable that is not set, or that holds what nobody meant."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit.reason_cases import (
    SERVICES,
    SLICES,
    because,
    config_map,
    looping,
    report_of,
    secret,
    service,
)
from kubectl_podx.model.capture import KeyFacts, Sealed, StoredObject, Variable
from kubectl_podx.pod import said_of_variables
from kubectl_podx.sections.report import PodReport


def said(
    *lines: str,
    objects: tuple[StoredObject, ...] = (),
    variables: tuple[Variable, ...] = (),
    services: tuple[dict[str, Any], ...] = (),
    pod_spec: dict[str, Any] | None = None,
    **spec: Any,
) -> PodReport:
    return report_of(
        looping(spec=spec, **(pod_spec or {})),
        *lines,
        objects=objects,
        lists={SERVICES: services, SLICES: []},
        declared_variables={"app": list(variables)},
    )


def variable(name: str, value: str, state: Any = "resolved", reason: str = "") -> Variable:
    shown = Sealed(digest=f"sha256:{value}", size=len(value), text=value)
    return Variable(name=name, declared=shown, declared_state=state, declared_reason=reason)


def from_secret(name: str, of: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": key, **more}}}


OPTIONAL = [from_secret("API_KEY", "provider", "key", optional=True)]
NO_PROVIDER = kit.absent("Secret/shop/provider")


@pytest.mark.parametrize(
    "line",
    [
        "API_KEY must be set",
        "KeyError: 'API_KEY'",
        'fatal: environment variable "API_KEY" is required',
        "Error: provider: set API_KEY or pass --key",
    ],
)
def test_an_optional_secret_that_is_not_there(line: str) -> None:
    report = said(line, objects=(NO_PROVIDER,), env=OPTIONAL)
    assert because(report) == (
        "optional Secret provider does not exist, so that variable API_KEY is not set"
    )


def test_a_key_that_is_not_there() -> None:
    there = secret("provider", other=KeyFacts(digest="keyed:1"))
    report = said("API_KEY must be set", objects=(there,), env=OPTIONAL)
    assert because(report).startswith("optional key key of Secret provider does not exist")


def test_a_whole_source_that_is_not_there() -> None:
    source = [{"secretRef": {"name": "provider", "optional": True}}]
    report = said("API_KEY must be set", objects=(NO_PROVIDER,), envFrom=source)
    assert "so that variable API_KEY is not set" in because(report)


@pytest.mark.parametrize("line", ["MY_API_KEY_2 must be set", "no more disk", "$API_KEYS unset"])
def test_another_variable_is_another_matter(line: str) -> None:
    report = said(line, objects=(NO_PROVIDER,), env=OPTIONAL)
    assert "optional Secret" not in because(report)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("KeyError: 'DATABASE_URL'", "DATABASE_URL"),
        ("sh: DATABASE_URL: parameter not set", "DATABASE_URL"),
        ("/run.sh: line 3: DATABASE_URL: unbound variable", "DATABASE_URL"),
        ("Error: Missing required environment variable DATABASE_URL", "DATABASE_URL"),
        ("panic: env var DATABASE_URL not set", "DATABASE_URL"),
        ('key not found: "SECRET_KEY_BASE"', "SECRET_KEY_BASE"),
        ("called Result::unwrap() on PORT: environment variable not found", "PORT"),
        ("ERROR is required", ""),
        ("HTTP is not set up", ""),
        ("listening on PORT 80", ""),
    ],
)
def test_the_variable_that_a_line_says_is_not_set(line: str, name: str) -> None:
    assert said_of_variables.unset(line) == name


def test_a_variable_that_nobody_declares() -> None:
    env = [{"name": "DATABASE_URI", "value": "x"}, {"name": "APP_DATABASE_URL", "value": "y"}]
    report = said("KeyError: 'DATABASE_URL'", env=env)
    assert because(report) == (
        "env and envFrom of app have no variable DATABASE_URL (there is APP_DATABASE_URL)"
    )
    declared = [{"name": "DATABASE_URL", "value": ""}]
    assert because(said("KeyError: 'DATABASE_URL'", env=declared)) == ""


def test_nobody_can_tell_what_an_unread_source_has() -> None:
    denied = kit.absent("Secret/shop/db", "denied")
    report = said("KeyError: 'X_URL'", objects=(denied,), envFrom=[{"secretRef": {"name": "db"}}])
    assert because(report) == ""


def test_a_reference_to_what_stands_further_down() -> None:
    env = [{"name": "DSN", "value": "redis://$(HOST)"}, {"name": "HOST", "value": "redis"}]
    found = variable("DSN", "redis://$(HOST)", "unresolved", "$(HOST) stands below it")
    report = said("dial tcp: lookup redis://$(HOST): no such host", variables=(found,), env=env)
    assert because(report) == (
        "variable DSN holds a $(VAR) as it is written: $(HOST) stands below it"
    )


def test_a_reference_in_a_config_map() -> None:
    report = said(
        "cannot parse url redis://$(HOST)",
        objects=(config_map("web", DSN="redis://$(HOST)"),),
        variables=(variable("DSN", "redis://$(HOST)"),),
        envFrom=[{"configMapRef": {"name": "web"}}],
    )
    assert because(report).startswith("variable DSN comes from ConfigMap web, where $(VAR) is not")


@pytest.mark.parametrize(
    ("spec", "line", "words"),
    [
        ({"command": ["httpd"], "args": ["-p", "${LISTEN}:80"]}, "bad address", "args[1] has"),
        ({"command": ["app", "--ip=$LISTEN"]}, "exit", "command[1] has $LISTEN"),
        ({"args": ["--ip=${LISTEN:-x}"]}, "bad: ${LISTEN:-x}", "args[0] has ${LISTEN:-x}"),
    ],
)
def test_a_variable_of_a_shell_without_one(spec: dict[str, Any], line: str, words: str) -> None:
    report = said(line, env=[{"name": "LISTEN", "value": "::"}], **spec)
    assert words in because(report)
    assert "no shell replaces it" in because(report)


@pytest.mark.parametrize(
    "spec",
    [
        {"command": ["sh", "-c", "exec app $LISTEN"]},
        {"command": ["/bin/bash", "-ec"], "args": ["app ${LISTEN}"]},
        {"command": ["tini", "--", "/bin/sh"], "args": ["-c", "app $LISTEN"]},
        {"args": ["--price=$5", "--of=$$LISTEN", "--in=$(LISTEN)"]},
        {"args": ["--template=${unknown_to_us}"]},
    ],
)
def test_a_variable_that_is_replaced(spec: dict[str, Any]) -> None:
    assert because(said("exit", env=[{"name": "LISTEN", "value": "::"}], **spec)) == ""


LINKS = (service("web-app", 80, address="10.96.1.2"), service("none", address="None"))


@pytest.mark.parametrize(
    "line",
    [
        "listen tcp: address :tcp://10.96.1.2:80: too many colons in address",
        'strconv.Atoi: parsing "tcp://10.96.1.2:80": invalid syntax',
        "invalid WEB_APP_PORT",
    ],
)
def test_a_variable_of_a_service(line: str) -> None:
    report = said(line, services=LINKS)
    assert because(report).startswith(
        "Service web-app sets variable WEB_APP_PORT to tcp://10.96.1.2:80 (enableServiceLinks)"
    )
    assert because(said(line, services=LINKS, pod_spec={"enableServiceLinks": False})) == ""


def test_a_variable_that_is_declared_wins() -> None:
    env = [{"name": "WEB_APP_PORT", "value": "80"}]
    assert because(said("invalid WEB_APP_PORT", services=LINKS, env=env)) == ""


ENDS = secret("db", password=KeyFacts(digest="keyed:1", newline_at_end=True))


@pytest.mark.parametrize(
    "line",
    [
        "FATAL: password authentication failed for user app",
        "ERROR 1045 (28000): Access denied for user 'app'@'10.0.0.1'",
        "net/http: invalid header field value for Authorization",
        "DB_PASSWORD was refused",
    ],
)
def test_a_line_break_at_the_end_of_a_secret(line: str) -> None:
    report = said(line, objects=(ENDS,), env=[from_secret("DB_PASSWORD", "db", "password")])
    assert because(report) == (
        "key password of Secret db ends with a line break, which is part of variable DB_PASSWORD"
    )


def test_a_line_break_is_told_of_in_any_case() -> None:
    env = [from_secret("DB_PASSWORD", "db", "password")]
    (told,) = [
        f for f in said("bye", objects=(ENDS,), env=env).findings or () if f.code == "ENV016"
    ]
    assert told.severity == "info"
    there = secret("db", password=KeyFacts(digest="keyed:1"))
    found = said("password authentication failed", objects=(there,), env=env)
    assert {"ENV015", "ENV016"}.isdisjoint({f.code for f in found.findings or ()})


def test_a_reference_in_args_to_what_is_not_there() -> None:
    line = "cannot listen on $(POD_IP):80"
    report = said(line, command=["app"], args=["--on=$(POD_IP):80"])
    assert because(report) == "args[0] has $(POD_IP), and the container has no such variable"
    env = [{"name": "POD_IP", "value": "10.0.0.1"}]
    assert because(said(line, command=["app"], args=["--on=$(POD_IP):80"], env=env)) == ""
