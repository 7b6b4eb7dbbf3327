"""A body of multipart/form-data (RFC 7578)."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

_UNFIT = re.compile(r'["\r\n\\]')


class File(NamedTuple):
    field: str
    name: str
    content: bytes
    type: str = "image/jpeg"


def form_data(fields: Mapping[str, str], files: Sequence[File]) -> tuple[bytes, str]:
    """The body, and its Content-Type. The same input gives the same bytes.

    >>> form_data({"a": "1"}, [])[0].splitlines()[1:4]
    [b'Content-Disposition: form-data; name="a"', b'', b'1']
    """
    values = [value.encode() for value in fields.values()]
    digest = sha256(b"\0".join([*values, *(file.content for file in files)])).hexdigest()
    parts = [
        (f'name="{_quoted(name)}"', "", value) for name, value in zip(fields, values, strict=True)
    ]
    parts += [
        (f'name="{_quoted(f.field)}"; filename="{_quoted(f.name)}"', f.type, f.content)
        for f in files
    ]
    body = bytearray()
    for about, kind, content in parts:
        typed = f"Content-Type: {kind}\r\n" if kind else ""
        body += f"--{digest}\r\nContent-Disposition: form-data; {about}\r\n{typed}\r\n".encode()
        body += content + b"\r\n"
    body += f"--{digest}--\r\n".encode()
    return bytes(body), f"multipart/form-data; boundary={digest}"


def _quoted(text: str) -> str:
    return _UNFIT.sub("_", text)
