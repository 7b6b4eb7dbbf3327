"""Pictures over HTTP: one JPEG per request, or a stream of them (MJPEG).

    --boundary CRLF Content-Type: image/jpeg CRLF Content-Length: 1234 CRLF CRLF <JPEG> CRLF …

Redirects are not followed and no proxy is asked: a camera's address is where it says it is.
"""

from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from vision.camera import CameraSpec
from vision.capture import Lost, Pace, Shots, from_jpeg, longest
from vision.jpeg import LARGEST

TIMEOUT = 5.0
"""Seconds for connecting and for each read."""
_CHUNK = 1 << 14
_END = b"\xff\xd9"


def pulled(spec: CameraSpec, pace: Pace) -> Shots:
    """Whatever the address gives: asked again and again, or read on and on."""
    address, opener = _opener(spec.url)
    while pace.wait():
        try:
            with opener.open(Request(address), timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme was checked
                if answer.headers.get_content_maintype() == "multipart":
                    yield from _stream(answer, spec, pace)
                    raise Lost("the stream ended")
                yield from_jpeg(answer.read(LARGEST + 1), longest(spec))
        except HTTPError as error:
            error.close()
            raise Lost(f"HTTP {error.code} {error.reason}") from None
        except (URLError, HTTPException, OSError, ValueError) as error:
            raise Lost(str(getattr(error, "reason", "") or error) or "no answer") from None


def _stream(answer: HTTPResponse, spec: CameraSpec, pace: Pace) -> Shots:
    for jpeg in parts(answer):
        if pace.stopped:
            return
        if pace.due():
            yield from_jpeg(jpeg, longest(spec))


def parts(answer: Any) -> Iterator[bytes]:
    """The JPEGs of a multipart stream, by their own first and last marker.

    Cameras disagree on boundaries and lengths; all of them send whole JPEGs. A picture
    longer than the limit is passed over.
    """
    buffer = bytearray()
    while chunk := answer.read1(_CHUNK):
        buffer += chunk
        while True:
            start = buffer.find(b"\xff\xd8\xff")
            if start < 0:
                del buffer[:-2]
                break
            end = _picture_end(buffer, start)
            if end < 0:
                del buffer[:start]
                if len(buffer) > LARGEST:
                    buffer.clear()
                break
            yield bytes(buffer[start:end])
            del buffer[:end]


def _picture_end(buffer: bytearray, start: int) -> int:
    """Where the picture at *start* ends, or -1. A thumbnail within its header (EXIF) has an
    end of its own, so segments are stepped over by their length up to the scan."""
    at = start + 2
    while at + 4 <= len(buffer):
        marker = buffer[at + 1]
        if buffer[at] != 0xFF or marker == 0xDA:
            end = buffer.find(_END, at)
            return end + 2 if end >= 0 else -1
        at += 2 + int.from_bytes(buffer[at + 2 : at + 4], "big")
    return -1


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class _Closing:
    """The answer that asks for a password is not kept open while the next one is awaited."""

    def http_error_401(self, req: Request, fp: Any, code: int, msg: str, headers: Any) -> Any:
        fp.close()
        return super().http_error_401(req, fp, code, msg, headers)  # type: ignore[misc] # a mixin


class _Digest(_Closing, HTTPDigestAuthHandler):
    pass


class _Basic(_Closing, HTTPBasicAuthHandler):
    pass


def _opener(url: str) -> tuple[str, OpenerDirector]:
    """The address without its password, and what opens it with the password."""
    parsed = urlsplit(url)
    host = parsed.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    if parsed.port:
        netloc += f":{parsed.port}"
    address = urlunsplit(parsed._replace(netloc=netloc, fragment=""))
    known = HTTPPasswordMgrWithDefaultRealm()
    if parsed.username:
        password = unquote(parsed.password or "")
        known.add_password(None, address, unquote(parsed.username), password)
    opener = build_opener(ProxyHandler({}), _NoRedirect(), _Digest(known), _Basic(known))
    return address, opener
