"""Raw LoRaWAN bytes: who made them, and what they say.

    port 85, 01 75 64  03 67 0C 01  --Milesight--> battery 100 %, temperature 26.8 Cel

The bytes rarely say whose they are. In this order: the model that `devices.yaml`, the network
server's device profile or its device repository names; the maker's block of EUIs; and, without
either, a structure that no other maker's bytes have. Nothing else is guessed.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

import devices.lorawan
from devices.codec import Ignored
from gateway.model import Millis
from gateway.plugins import constants


class Uplink(msgspec.Struct, frozen=True):
    """The application bytes of one frame. *about* is everything that may name the model: the
    names of profile, brand, model, application and device, in lower case."""

    port: int
    data: bytes
    eui: str = ""
    about: str = ""


class Field(NamedTuple):
    """One decoded value as the maker's documentation calls it, with the documented unit."""

    name: str
    value: float | str
    unit: str = ""
    measured_at: Millis | None = None


class Maker(msgspec.Struct, frozen=True):
    """How one maker writes. Each module of `devices.lorawan` has one, named MAKER."""

    names: tuple[str, ...]
    """Any of these in `Uplink.about` names the maker; lower case."""
    decode: Callable[[Uplink], Sequence[Field]]
    """Raises `Malformed` for bytes that are not this maker's, `Ignored` for a status."""
    euis: tuple[str, ...] = ()
    """The maker's blocks of device EUIs: leading hexadecimal digits, upper case."""
    surely: Callable[[Uplink], bool] = lambda uplink: False
    """Can the bytes alone be no other maker's? Only for formats that describe themselves."""


@cache
def makers() -> dict[str, Maker]:
    """All payload decoders by the name of their module."""
    return constants(devices.lorawan, "MAKER", Maker)


def read(uplink: Uplink) -> Sequence[Field]:
    """Decode with the decoder of the maker.

    Raises `Ignored` where nobody knows whose bytes they are, `Malformed` where they are broken.
    """
    if not uplink.data:
        raise Ignored("an empty frame")
    maker = _choose(uplink)
    if maker is None:
        raise Ignored(
            f"{len(uplink.data)} bytes on port {uplink.port} of an unknown model: name it in "
            "devices.yaml, or decode them in the network server"
        )
    return maker.decode(uplink)


def _choose(uplink: Uplink) -> Maker | None:
    every = makers().values()
    named = [maker for maker in every if any(name in uplink.about for name in maker.names)]
    if named:
        return _surest(named, uplink)
    eui = uplink.eui.upper()
    made = [maker for maker in every if maker.euis and eui.startswith(maker.euis)]
    if made:
        return _surest(made, uplink)
    sure = [maker for maker in every if maker.surely(uplink)]
    return sure[0] if len(sure) == 1 else None


def _surest(candidates: Iterable[Maker], uplink: Uplink) -> Maker:
    """The one whose structure fits; the first where none says so."""
    candidates = list(candidates)
    return next((maker for maker in candidates if maker.surely(uplink)), candidates[0])
