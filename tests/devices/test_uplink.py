"""Whose bytes they are: what is named, the block of EUIs, and a structure that nobody else has."""

import pytest

from devices.codec import Ignored, Malformed
from devices.uplink import Uplink, makers, read

ELSYS = bytes.fromhex("0100e202290400270506070d62")
LPP = bytes.fromhex("03670110")


def names(uplink: Uplink) -> list[str]:
    return [field.name for field in read(uplink)]


def test_structure_tells_where_nothing_is_named() -> None:
    assert names(Uplink(5, ELSYS)) == ["temperature", "humidity", "light", "pir", "vdd"]


def test_a_name_beats_the_structure() -> None:
    assert names(Uplink(2, LPP, about="a cayenne node")) == ["temperature"]


def test_the_name_wins_over_the_eui() -> None:
    with pytest.raises(Malformed, match="Cayenne"):
        read(Uplink(5, ELSYS, eui="A81758FFFE030201", about="cayenne"))


def test_the_block_of_euis_names_the_maker() -> None:
    assert names(Uplink(1, bytes.fromhex("01000a"), eui="a81758fffe030201")) == ["temperature"]


def test_nobody_is_nobody() -> None:
    with pytest.raises(Ignored, match="4 bytes on port 1"):
        read(Uplink(1, b"\x01\x02\x03\x04"))


def test_every_maker_is_named_by_something() -> None:
    for name, maker in makers().items():
        assert maker.names, name
        assert all(word == word.lower() for word in maker.names), name
