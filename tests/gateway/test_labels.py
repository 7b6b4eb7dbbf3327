import re

import cv2
import numpy as np
import pytest

from gateway.labels import HIGH, WIDE, Label, page, sheets, svg

LABEL = Label("https://box.example:8443/devices/bin-3", "垃圾桶 <3>", "bin-3", "槐荫里 1 号楼")
SCALE = 12
"""Pixels of a millimetre."""


def scanned(squares: list[tuple[float, float, float, float]], wide: float, high: float) -> str:
    """What a telephone reads of dark rectangles (left, top, width, height in millimetres)."""
    picture = np.full((round(high * SCALE), round(wide * SCALE)), 255, np.uint8)
    for x, y, w, h in squares:
        left, top, right, low = (round(v * SCALE) for v in (x, y, x + w, y + h))
        picture[top:low, left:right] = 0
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


def test_the_picture_opens_the_devices_page() -> None:
    runs = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", svg(LABEL))
    squares = [(float(x), float(y), float(w), float(h)) for x, y, w, h in runs]
    assert scanned(squares, WIDE, HIGH) == LABEL.url


def test_words_cannot_break_the_picture() -> None:
    picture = svg(LABEL._replace(id="<script>", address="a & b"))
    assert "&lt;3&gt;" in picture
    assert "&lt;script&gt;" in picture
    assert "a &amp; b" in picture


def test_a_sheet_of_24_and_one_more() -> None:
    pdf = sheets([LABEL._replace(url=f"{LABEL.url}{n}") for n in range(25)])
    first, second = re.findall(rb"stream\n(.*?)endstream", pdf, re.DOTALL)
    assert (first.count(LABEL.id.encode("utf-16-be").hex().encode()), second.count(b"ET")) == (
        24,
        3,
    )
    found = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f", second)
    points = [tuple(float(v) * 25.4 / 72 for v in box) for box in found]
    squares = [(x, 297 - y - h, w, h) for x, y, w, h in points]
    assert scanned(squares, 210, 297) == f"{LABEL.url}24"


def test_the_pdf_says_where_its_objects_are() -> None:
    pdf = sheets([LABEL])
    offsets = re.findall(rb"(\d{10}) 00000 n", pdf)
    for number, offset in enumerate(offsets, 1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)
    start = int(re.findall(rb"startxref\n(\d+)", pdf)[0])
    assert pdf[start:].startswith(b"xref")


@pytest.mark.parametrize("labels", [[], [LABEL._replace(name="", address="")]])
def test_little_to_say_is_a_sheet_too(labels: list[Label]) -> None:
    assert sheets(labels).endswith(b"%%EOF\n")


def test_a_long_name_ends_with_an_ellipsis() -> None:
    assert "…" in svg(LABEL._replace(name="一个非常长的名字" * 9))


def test_an_id_is_no_path() -> None:
    assert page("http://box:8080/", "../x?y") == "http://box:8080/devices/..%2Fx%3Fy"
