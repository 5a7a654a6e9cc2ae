"""Decoders that are made when threads first ask for them."""

from __future__ import annotations

import subprocess
import sys
import threading

import msgspec
import pytest

from kit.threads import together
from kubectl_podx.model.decoder import Decoder


class _Part(msgspec.Struct):
    name: str = ""


class _Whole(msgspec.Struct):
    parts: list[_Part] = []


def test_a_decoder_decodes_as_msgspec_does() -> None:
    decoder = Decoder(_Whole)
    assert decoder.decode(b'{"parts":[{"name":"a","more":1}],"x":null}') == _Whole([_Part("a")])
    assert decoder.decode(msgspec.Raw(b"{}")) == _Whole()
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(b'{"parts":1}')
    with pytest.raises(msgspec.DecodeError):
        decoder.decode(b"{")


def test_its_plan_is_made_once() -> None:
    decoder = Decoder(_Whole)
    assert decoder._made is None
    begun = threading.Barrier(8)
    seen: list[object] = []

    def use() -> None:
        begun.wait()
        decoder.decode(b"{}")
        seen.append(decoder._made)

    together([use] * 8)
    assert len(seen) == 8
    assert len({id(made) for made in seen}) == 1


_RACE = """\
import sys, threading
import msgspec
from kubectl_podx.model.decoder import Decoder

sys.setswitchinterval(1e-6)
for turn in range(150):
    inner = msgspec.defstruct("Inner", [(f"field_{i}", int | str | None, None) for i in range(20)])
    middle = msgspec.defstruct("Middle", [("inner", list[inner] | None, None)])
    decoders = [
        Decoder(msgspec.defstruct("Outer", [("middle", middle | None, None), ("i", inner, None)]))
        for _ in range(4)
    ]
    together = threading.Barrier(8)

    def use(decoder):
        together.wait()
        decoder.decode(b'{"middle":{"inner":[{"field_3":"x"}]},"i":{"field_4":1}}')

    threads = [threading.Thread(target=use, args=(each,)) for each in decoders * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_types_with_parts_in_common_do_not_crash_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", _RACE], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
