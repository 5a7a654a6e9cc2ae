"""Frames of a look: cut exactly, never fooled by content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture.frames import split


def framed(*parts: tuple[str, bytes], nonce: str = "n0") -> bytes:
    return b"".join(b"\n" + f"{nonce} {tag}\n".encode() + content for tag, content in parts)


def test_frames_come_back_as_they_were_printed() -> None:
    frames = split(framed(("cgroup", b"limit 1\n"), ("net tcp", b"x"), ("end", b"")), "n0")
    assert frames.found == (("cgroup", b"limit 1\n"), ("net tcp", b"x"), ("end", b""))
    assert frames.complete
    assert frames.with_prefix("net ") == {"tcp": b"x"}


def test_the_first_and_the_last_of_a_repeated_frame_can_be_told() -> None:
    frames = split(framed(("cgroup", b"own"), ("cgroup", b"target"), ("end", b"")), "n0")
    assert frames.first("cgroup") == b"own"
    assert frames.get("cgroup") == b"target"
    assert frames.get("nothing") is None


def test_an_output_that_was_cut_off_is_not_complete() -> None:
    assert not split(framed(("cgroup", b"limit 1"))[:-3], "n0").complete
    assert not split(b"", "n0").complete


def test_content_cannot_start_a_frame_without_the_nonce() -> None:
    frames = split(framed(("hosts", b"\nother end\n\nn1 end\n"), ("end", b"")), "n0")
    assert [tag for tag, _ in frames.found] == ["hosts", "end"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["cgroup", "net tcp", "files"]), st.binary(max_size=60)),
        max_size=6,
    )
)
def test_any_content_survives(parts: list[tuple[str, bytes]]) -> None:
    harmless = [(tag, content) for tag, content in parts if b"n0nce" not in content]
    frames = split(framed(*harmless, ("end", b""), nonce="n0nce"), "n0nce")
    assert list(frames.found) == [*harmless, ("end", b"")]


@given(st.binary(max_size=400))
def test_noise_never_raises(noise: bytes) -> None:
    assert b"n0" in noise or not split(noise, "n0").found
