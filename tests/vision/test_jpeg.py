"""Pictures that anybody may have sent: each is refused with a reason, or decoded."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.jpeg import LARGEST, BadPicture, decode, encode, header


def picture(width=64, height=48):
    rng = np.random.default_rng(3)
    return rng.integers(0, 255, (height, width, 3), np.uint8)


def jpeg(width=64, height=48, *flags):
    return cv2.imencode(".jpg", picture(width, height), flags)[1].tobytes()


def with_frame(data, **changes):
    """*data* with other numbers in its frame header."""
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    fields = ["precision", "height", "width", "components"]
    values = dict(zip(fields, struct.unpack_from(">BHHB", data, at + 4), strict=True))
    values.update(changes)
    return data[: at + 4] + struct.pack(">BHHB", *values.values()) + data[at + 10 :]


def test_a_good_picture_is_decoded_and_its_size_is_known_before():
    assert header(jpeg())[:2] == (64, 48)
    assert decode(jpeg(), 640).shape == (48, 64, 3)
    assert decode(jpeg(64, 48, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), 640).shape == (48, 64, 3)


def test_a_large_one_is_reduced_in_the_decoder():
    assert decode(jpeg(2000, 1200), 640).shape == (600, 1000, 3)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a JPEG"),
        (jpeg()[:-400], "truncated"),
        (jpeg()[:30], "before its header"),
        (b"\xff\xd8" + bytes(100), "no marker"),
        (with_frame(jpeg(), height=65535, width=65535), "too large"),
        (with_frame(jpeg(), height=1, width=1), "too small"),
        (with_frame(jpeg(), precision=16), "16 bits"),
        (with_frame(jpeg(), components=4), "4 components"),
        (jpeg() + bytes(LARGEST), "at most"),
    ],
)
def test_hostile_pictures_are_refused_with_a_reason(data, why):
    with pytest.raises(BadPicture, match=why):
        decode(data, 640)


def test_what_an_exif_header_says_of_turning_is_done():
    tag = struct.pack("<HHII", 0x0112, 3, 1, 6)  # orientation: turned by a quarter
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    segment = b"Exif\0\0" + tiff
    data = jpeg()
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    assert decode(data, 640).shape == (64, 48, 3)


def test_what_leaves_has_no_metadata():
    assert b"Exif" not in encode(picture(), 80)


@given(st.binary(max_size=600), st.integers(0, 3000))
def test_any_bytes_are_a_picture_or_are_refused(noise, at):
    data = jpeg()
    spoilt = data[: at % len(data)] + noise + data[at % len(data) + len(noise) :]
    for candidate in (noise, b"\xff\xd8" + noise, spoilt):
        try:
            found = decode(candidate, 640)
        except BadPicture:
            continue
        assert found.ndim == 3
