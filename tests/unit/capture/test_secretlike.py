"""What looks like a secret is hidden, what a diagnosis needs is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture import hidetext
from kubectl_podx.capture.hide_patterns import HINTS, LOWER_HINTS, RANDOM, SPACED_HINTS
from kubectl_podx.capture.secretlike import (
    HIDDEN,
    hide_literal,
    hide_text,
    hide_words,
    secret_name,
    secret_value,
)


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "PGPASSWORD",
        "MYSQL_PWD",
        "apiKey",
        "API-KEY",
        "GITHUB_TOKEN",
        "tls.key",
        "AWS_SECRET_ACCESS_KEY",
        "DATABASE_URL",
        "SESSION_COOKIE",
        "dbpass",
        "privateKey",
        "JWT",
        "Authorization",
        "sentry_dsn",
    ],
)
def test_names_that_hold_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "DB_PORT",
        "PATH",
        "DEMO_GREETING",
        "CACHE_TTL",
        "KEYBOARD",
        "AUTHOR",
        "COMPASS_URL",
        "PASSTHROUGH",
        "JAVA_OPTS",
        "HOSTNAME",
        "SPECIAL_LEVEL",
        "config",
        "nginx.conf",
        "DONKEY",
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:hunter2@db:5432/app",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "Bearer abc.def-ghi",
        "aB3dE5fG7hJ9kL1mN3pQ5rS7",
        "password: swordfish",
    ],
)
def test_values_that_are_secrets(value: str) -> None:
    assert secret_value(value)


@pytest.mark.parametrize(
    "value",
    [
        "Back-off restarting failed container=app pod=web-5f7d8c9b6d-x2x9q_ns(0d5a1f0e-4b7a)",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "http://10.0.0.7:8080/healthz",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "-Xmx512m -XX:+UseG1GC",
        "2026-11-23T13:34:31.262898406Z",
    ],
)
def test_values_that_are_not(value: str) -> None:
    assert not secret_value(value)
    assert hide_text(value) == value


def test_literals_are_hidden_by_name_or_by_value_and_empty_ones_shown() -> None:
    assert hide_literal("DB_PASSWORD", "x") == HIDDEN
    assert hide_literal("GREETING", "Bearer abcdefgh") == HIDDEN
    assert hide_literal("GREETING", "hello") == "hello"
    assert hide_literal("DB_PASSWORD", "") == ""


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            ["app", "--password", "x1", "--port", "80"],
            ["app", "--password", HIDDEN, "--port", "80"],
        ),
        (["app", "--db-password=x1", "-v"], ["app", f"--db-password={HIDDEN}", "-v"]),
        (["curl", "-u", "me:pw", "http://x"], ["curl", "-u", HIDDEN, "http://x"]),
        (["ps", "-a", "x"], ["ps", "-a", "x"]),
        (
            ["sh", "-c", "TOKEN=abc run --token xyz"],
            ["sh", "-c", f"TOKEN={HIDDEN} run --token {HIDDEN}"],
        ),
        (["cat", "/tmp/healthy"], ["cat", "/tmp/healthy"]),
    ],
)
def test_argument_lists(words: list[str], shown: list[str]) -> None:
    assert hide_words(words) == shown


@given(st.lists(st.text(max_size=200), max_size=8))
def test_hiding_never_fails_and_keeps_the_number_of_words(words: list[str]) -> None:
    assert len(hide_words(words)) == len(words)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mkdir /etc/passwd: not a directory", "mkdir /etc/passwd: not a directory"),
        ("open /run/secrets/token: no such file", "open /run/secrets/token: no such file"),
        ("db.password: x1", f"db.password: {HIDDEN}"),
        ("PASSWORD=x1", f"PASSWORD={HIDDEN}"),
        ("password = x1", f"password = {HIDDEN}"),
    ],
)
def test_paths_are_no_assignments(text: str, shown: str) -> None:
    assert hide_text(text) == shown


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "-----BEGIN X-----",
                    "eyJ" + "a" * 9 + ".",
                    "://u:p@h",
                    "AKIA" + "A" * 12,
                    "ghp_" + "a" * 10,
                    "SG." + "b" * 12,
                    "AIza" + "c" * 30,
                    "Bearer abcdefg",
                    "PassWord = x",
                    "passwd:y",
                    "pwd=z",
                    "api-key=k",
                    "TOKEN: t",
                    "pa\u017f\u017fword=x",
                ]
            ),
        ),
        max_size=6,
    )
)
def test_what_is_not_searched_has_nothing_to_be_found(parts: list[str]) -> None:
    joined = " ".join(parts)
    # A long one is looked at word by word.
    for text in (joined, joined + "\n" + "setting = value\n" * 80 + joined):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hidetext, "may_match", lambda *_: True)
            patch.setattr(hidetext, "vocabulary", lambda text: text)
            searched = hide_text(text)
        assert hide_text(text) == searched


@given(
    st.lists(
        st.text("abAB12-_.@:/$ \t\n\x1c\x85\u2028\u017f=", max_size=30)
        | st.sampled_from([*HINTS, *SPACED_HINTS, *LOWER_HINTS, "ghp_", "IDENTIFIED BY", "x" * 21]),
        max_size=8,
    ),
    st.sampled_from(["", " ", "\n"]),
)
def test_words_of_a_long_text_tell_what_the_text_does(parts: list[str], between: str) -> None:
    text = between.join(parts) + "\n" + "setting = value\n" * 80
    words = hidetext.vocabulary(text)
    assert len(words) < len(text)
    assert hidetext.may_match(text, words) == hidetext.may_match(text, text)
    assert bool(RANDOM.search(words)) == bool(RANDOM.search(text))
