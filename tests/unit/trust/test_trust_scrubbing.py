"""Known secret values leave free text in every usual spelling, and hostile text costs no time."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.look import log_tail
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.secretlike import hide_text, hide_words, secret_value
from kubectl_podx.model.reference import Reference

SECRET = Reference("Secret", "shop", "login")
VALUE = 'p@ss "wörd"/with\\all & more'


def sealer(**values: str) -> Sealer:
    made = Sealer()
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    made.keep(SECRET, {"kind": "Secret", "data": data})
    return made


@pytest.mark.parametrize(
    "spelling",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
        VALUE.encode().hex(),
    ],
)
def test_every_usual_spelling_is_scrubbed(spelling: str) -> None:
    text = sealer(password=VALUE).scrub(f"before {spelling} after")
    assert spelling not in text
    assert text.startswith("before <hidden>")
    assert text.endswith(" after")


def test_lines_of_a_value_are_scrubbed_one_by_one_and_short_ones_stay() -> None:
    text = sealer(key="first-line\nab\nthird-line").scrub("first-line, ab, third-line")
    assert text == "<hidden>, ab, <hidden>"


def test_a_value_that_holds_another_goes_whole() -> None:
    made = sealer(short="canary", long="canary-and-more")
    assert made.scrub("x canary-and-more y") == "x <hidden> y"


def test_what_comes_to_be_known_later_is_scrubbed_from_then_on() -> None:
    made = sealer(one="first-value")
    assert made.scrub("first-value second-value") == "<hidden> second-value"
    other = Reference("Secret", "shop", "other")
    made.keep(other, {"kind": "Secret", "stringData": {"two": "second-value"}})
    assert made.scrub("first-value second-value") == "<hidden> <hidden>"


@given(st.text(min_size=6, max_size=40).filter(lambda text: text.isprintable() and text.strip()))
def test_any_text_that_is_a_secret_is_gone(value: str) -> None:
    if value in "before <hidden> after":
        return
    assert value not in sealer(k=value).scrub(f"before {value} after")


def test_a_line_that_the_limit_cut_is_left_out() -> None:
    pod = {"spec": {"containers": [{"name": "app"}]}, "status": {"containerStatuses": [RESTARTED]}}
    reference = Reference("Pod", "shop", "web-0")
    (call,) = [one for one in pod_calls(reference, pod, LookOptions()) if one.kind == "log"]
    limit = int(dict(call.query)["limitBytes"])
    log = b"whole line\n" + b"x" * (limit - 11)
    assert log_tail(Sealer(), Outcome(call, "ok", answer=log), 20).lines == ["whole line"]
    assert log_tail(Sealer(), Outcome(call, "ok", answer=b"a\nb"), 20).lines == ["a", "b"]


RESTARTED = {
    "name": "app",
    "lastState": {"terminated": {"exitCode": 1, "containerID": "containerd://a"}},
}
HALF, WHOLE = 1 << 13, 1 << 15
REPEATED = (
    *("a", "eyJ", "://", "-a", "--a ", "A1b", "Basic ", "password ", "password=", "aa='", "sk-"),
    *("AKIA", "-----BEGIN ", "a.b=", "aA1_", "ghp_", "-A1_.", ":a", "token", " ", "@:", "x@"),
)


@pytest.mark.parametrize("part", REPEATED)
def test_time_grows_with_the_length_and_not_with_its_square(part: str) -> None:
    """Whoever writes a log chooses its text. Four times the text: four times the time, not 16."""

    def seconds(size: int) -> float:
        text = part * (size // len(part))
        best = 1e9
        for _ in range(3):
            begun = time.process_time()
            hide_text(text)
            hide_words([text])
            secret_value(text)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(WHOLE) < 10 * seconds(HALF) + 0.05
