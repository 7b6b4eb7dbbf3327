"""Cameras over HTTP: single pictures, streams of them, and servers that misbehave."""

import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import cv2
import numpy as np
import pytest

import vision.web
from vision.capture import Lost, Pace
from vision.jpeg import BadPicture
from vision.web import pulled

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
THUMBNAIL = b"\xff\xe1" + (len(JPEG) + 2).to_bytes(2, "big") + JPEG
WITH_THUMBNAIL = JPEG[:2] + THUMBNAIL + JPEG[2:]


@contextmanager
def serving(answer):
    """A server whose every GET is handled by `answer(handler)`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))  # noqa: TID251 - a server for the test
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler, body, kind="image/jpeg", status=200, **headers):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def stream(*pictures, lengths=True):
    def answer(handler):
        body = b"".join(
            b"--x\r\nContent-Type: image/jpeg\r\n"
            + (b"Content-Length: %d\r\n" % len(p) if lengths else b"")
            + b"\r\n"
            + p
            + b"\r\n"
            for p in pictures
        )
        reply(handler, body, "multipart/x-mixed-replace; boundary=x")

    return answer


def shots(spec, url, n=2, stop=None):
    pace = Pace(1e6, stop or threading.Event())
    with closing(pulled(spec(render="", url=url), pace)) as found:
        return list(islice(found, n))


def test_single_pictures_are_asked_for_again_and_again(spec):
    with serving(lambda handler: reply(handler, JPEG)) as address:
        assert [p.shape for p in shots(spec, f"http://{address}/snap.jpg", 3)] == [(72, 64)] * 3


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("jpeg", [JPEG, WITH_THUMBNAIL])
def test_a_stream_is_cut_into_its_pictures(spec, jpeg, lengths):
    with serving(stream(*[jpeg] * 5, lengths=lengths)) as address:
        found = shots(spec, f"http://{address}/", 5)
    assert [p.shape for p in found] == [(72, 64)] * 5


def test_the_end_of_a_stream_is_a_loss(spec):
    with serving(stream(JPEG)) as address, pytest.raises(Lost, match="ended"):
        shots(spec, f"http://{address}/", 5)


def test_rubbish_is_a_bad_picture_and_the_next_one_is_served(spec):
    with serving(lambda handler: reply(handler, b"<html>login</html>")) as address:
        assert all(isinstance(p, BadPicture) for p in shots(spec, f"http://{address}/"))


def test_redirects_are_not_followed(spec):
    asked = []

    def answer(handler):
        asked.append(handler.path)
        if handler.path == "/":
            reply(handler, b"", status=302, Location="/elsewhere")
        else:
            reply(handler, JPEG)

    with serving(answer) as address, pytest.raises(Lost, match="302"):
        shots(spec, f"http://{address}/")
    assert asked == ["/"]


def test_a_password_is_given_when_it_is_asked_for_and_never_shown(spec):
    def answer(handler):
        if handler.headers.get("Authorization") == "Basic dXNlcjpwQHNz":
            reply(handler, JPEG)
        else:
            reply(handler, b"", status=401, WWW_Authenticate='Basic realm="camera"')

    with serving(answer) as address:
        assert len(shots(spec, f"http://user:p%40ss@{address}/")) == 2
        with pytest.raises(Lost, match="401") as lost:
            shots(spec, f"http://user:wrong@{address}/")
    assert "wrong" not in str(lost.value)


def test_a_server_that_says_nothing_is_a_loss(spec, monkeypatch):
    monkeypatch.setattr(vision.web, "TIMEOUT", 0.3)
    done = threading.Event()
    with serving(lambda handler: done.wait(5)) as address:
        with pytest.raises(Lost):
            shots(spec, f"http://{address}/")
        done.set()


def test_nobody_there_is_a_loss(spec):
    with pytest.raises(Lost, match="refused"):
        shots(spec, "http://127.0.0.1:9/")
