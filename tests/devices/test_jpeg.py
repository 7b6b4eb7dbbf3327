"""A JPEG that arrived whole is told from one that did not."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codec import Malformed
from devices.jpeg import check


def picture(width: int = 64, height: int = 48, *flags: int) -> bytes:
    pixels = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    return bytes(cv2.imencode(".jpg", pixels, flags)[1])


@pytest.mark.parametrize(
    "flags", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)]
)
def test_whole_pictures_say_their_size(flags: tuple[int, ...]) -> None:
    assert check(picture(64, 48, *flags)) == (64, 48)


def test_zeros_behind_the_end_are_a_c_programs_buffer() -> None:
    assert check(picture() + b"\0\0\0") == (64, 48)


@given(st.integers(0, len(picture()) - 1))
def test_no_part_of_a_picture_passes(length: int) -> None:
    with pytest.raises(Malformed):
        check(picture()[:length])


def test_a_bomb_is_refused_unread() -> None:
    whole = picture()
    frame = whole.index(b"\xff\xc0")
    bomb = whole[: frame + 5] + b"\xff\xff\xff\xff" + whole[frame + 9 :]
    with pytest.raises(Malformed, match="65535 x 65535"):
        check(bomb)


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(Malformed):
        check(data)
