"""Labels for devices: a QR code that opens the device's page on a telephone, its name and id.

One label is 70 x 37 mm, 24 of them fill an A4 sheet of the usual self-adhesive kind. A picture is
SVG; a sheet is PDF, written here, for a page of squares and words needs no library: text is set in
one of the fonts that every PDF reader has for Chinese (Adobe-GB1), so none is embedded.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

import segno

WIDE, HIGH = 70.0, 37.0
"""Millimetres of a label."""
ACROSS, DOWN = 3, 8
PAGE = 210.0, 297.0
_CODE = 29.0
"""Millimetres of the code, with the white border that it needs."""
_QUIET = 4
"""Modules of that border (ISO/IEC 18004)."""
_TEXT = 34.0
_ROOM = 33.0
"""Millimetres from the left to the words, and what is left for them."""
_POINT = 72 / 25.4


class Label(NamedTuple):
    """What stands on one: the page that it opens, and words for people."""

    url: str
    name: str
    id: str
    address: str = ""


def page(console: str, id: str) -> str:
    """The address of a device's page.

    >>> page("https://box.example/", "bin 3")
    'https://box.example/devices/bin%203'
    """
    return f"{console.rstrip('/')}/devices/{quote(id, safe='')}"


def svg(label: Label) -> str:
    """One label as a picture."""
    words = "".join(
        f'<text x="{_TEXT}" y="{y:.1f}" font-size="{size}"{style}>{escape(line)}</text>'
        for line, y, size, style in (
            (line, y, size, ' font-weight="bold"' if bold else "")
            for line, y, size, bold in _words(label)
        )
    )
    squares = "".join(
        f"M{x:.3f} {y:.3f}h{run:.3f}v{side:.3f}h-{run:.3f}z" for x, y, run, side in _squares(label)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE:g}mm" height="{HIGH:g}mm" '
        f'viewBox="0 0 {WIDE:g} {HIGH:g}" font-family="sans-serif">'
        f"<title>{escape(label.name or label.id)}</title>"
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{squares}"/>{words}</svg>'
    )


def sheets(labels: Sequence[Label]) -> bytes:
    """All *labels* as a PDF of A4 pages, to be printed without scaling."""
    full = ACROSS * DOWN
    starts = range(0, max(1, len(labels)), full)
    return _pdf(["".join(_sheet(labels[start : start + full])) for start in starts])


def _squares(label: Label) -> Iterator[tuple[float, float, float, float]]:
    """The dark runs of the code: left, top, length, height, in millimetres of the label."""
    code = segno.make_qr(label.url, error="m")
    side = _CODE / (len(code.matrix) + 2 * _QUIET)
    top = (HIGH - _CODE) / 2
    for y, row in enumerate(code.matrix):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                left = 2.0 + (x + _QUIET) * side
                yield left, top + (y + _QUIET) * side, (run - x) * side, side
            x = max(run, x + 1)


def _words(label: Label) -> Iterator[tuple[str, float, float, bool]]:
    """Lines, with their height on the label, size in millimetres, and whether they are bold."""
    y = 11.0
    for text, size, most, bold in (
        (label.name or label.id, 3.6, 3, True),
        (label.id if label.name else "", 2.6, 2, False),
        (label.address, 2.6, 3, False),
    ):
        for line in _lines(text, _ROOM / size, most):
            yield line, y, size, bold
            y += size * 1.3


def _lines(text: str, ems: float, most: int) -> Iterator[str]:
    """*text* in at most so many lines of so many ems: a Chinese sign takes one, a letter less."""
    line, width, count = "", 0.0, 1
    for sign in " ".join(text.split()):
        needs = 1.0 if ord(sign) > 0x2E7F else 0.56
        if width + needs > ems:
            if count == most:
                line = line[:-1] + "…"
                break
            head, blank, tail = line.rpartition(" ")
            yield head if blank else line
            line, count = (tail if blank else ""), count + 1
            width = sum(1.0 if ord(s) > 0x2E7F else 0.56 for s in line)
        line, width = line + sign, width + needs
    if line:
        yield line


def _sheet(labels: Sequence[Label]) -> Iterator[str]:
    """The drawing of one page; a PDF counts from below, in points."""
    for place, label in enumerate(labels):
        row, column = divmod(place, ACROSS)
        left, top = column * WIDE, PAGE[1] - row * HIGH - (PAGE[1] - DOWN * HIGH) / 2
        for x, y, run, side in _squares(label):
            box = (left + x) * _POINT, (top - y - side) * _POINT, run * _POINT, side * _POINT
            yield "{:.2f} {:.2f} {:.2f} {:.2f} re f\n".format(*box)
        for line, y, size, bold in _words(label):
            weight = "2 Tr 0.25 w" if bold else "0 Tr"
            at = f"{(left + _TEXT) * _POINT:.2f} {(top - y) * _POINT:.2f}"
            text = line.encode("utf-16-be").hex()
            yield f"BT /F {size * _POINT:.2f} Tf {weight} {at} Td <{text}> Tj ET\n"


def _pdf(pages: Sequence[str]) -> bytes:
    """A PDF 1.5 file (ISO 32000-1, 7.5) of these drawings."""
    kids = " ".join(f"{6 + 2 * n} 0 R" for n in range(len(pages)))
    size = f"{PAGE[0] * _POINT:.2f} {PAGE[1] * _POINT:.2f}"
    objects = [
        "<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</PrintScaling/None>>>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}/MediaBox[0 0 {size}]"
        "/Resources<</Font<</F 3 0 R>>>>>>",
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light-UniGB-UTF16-H"
        "/Encoding/UniGB-UTF16-H/DescendantFonts[4 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 5 0 R"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/W[1 95 500]>>",
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]"
        "/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>",
    ]
    for n, drawing in enumerate(pages):
        objects.append(f"<</Type/Page/Parent 2 0 R/Contents {7 + 2 * n} 0 R>>")
        objects.append(f"<</Length {len(drawing)}>>stream\n{drawing}endstream")
    body, offsets = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    return body + (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n"
    ).encode("ascii")
