"""The vision worker: one process that holds all cameras, one thread for each.

It talks to the gateway over one socket and nothing else; what it needs to know of the time
it is told. When the gateway is gone it ends; when it dies, by a decoder's bug on a stranger's
stream, the gateway starts it again. `python -m vision.worker FD`.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from time import monotonic

import cv2

from gateway import durable
from gateway.model import Millis
from vision.camera import CameraSpec
from vision.capture import Lost, Pace, Slot
from vision.detector import Unusable
from vision.evidence import Shot, keeper
from vision.frame import Plane
from vision.jpeg import BadPicture
from vision.keepsake import packed as packed_scene
from vision.keepsake import unpacked
from vision.messages import (
    PREFIX,
    Alive,
    Feed,
    FromWorker,
    Preview,
    Setup,
    Sighted,
    Spoilt,
    State,
    Time,
    ToWorker,
    Try,
    length,
    packed,
    to_worker,
)
from vision.observer import Observer, Seen
from vision.recent import Footage, Recent, shrunk
from vision.rehearsal import Stage
from vision.shots import shots

HEARTBEAT = 30_000
"""Millis after which an unchanged scene is told again."""
PREVIEW = 1000
"""Millis between two previews."""
REMEMBER = 1_800_000
"""Millis between two writings of the learnt scene: seldom, for flash wears out."""
PATIENCE = (1.0, 10.0)
"""Seconds before a lost camera is tried again: at first, and at most."""
GRACE = 8.0
"""Seconds that threads have to end: longer than any of their time-outs."""
ALIVE = 5.0
"""Seconds between two signs of life."""
NICE = 5
"""Readings go before pixels."""

Tell = Callable[[FromWorker], None]


class BoxTime:
    """The gateway's time, carried on by this process's own monotonic clock."""

    def __init__(self, now: Millis) -> None:
        self._offset = 0
        self.set(now)

    def set(self, now: Millis) -> None:
        self._offset = now - round(monotonic() * 1000)

    def now(self) -> Millis:
        return self._offset + round(monotonic() * 1000)


class Link:
    """The socket to the gateway; threads take turns. `OSError` when the gateway is gone."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._turn = sock, threading.Lock()
        self._input = sock.makefile("rb")

    def tell(self, message: FromWorker) -> None:
        data = packed(message)
        with self._turn:
            self._sock.sendall(data)

    def hear(self) -> ToWorker | None:
        """The next message; None when the gateway is gone."""
        try:
            prefix = self._input.read(PREFIX)
            body = self._input.read(length(prefix)) if len(prefix) == PREFIX else b""
        except ConnectionError:
            return None
        return to_worker(body) if body else None


class Post:
    """One camera's thread: capture, observe, tell; try again when the camera is lost."""

    def __init__(self, spec: CameraSpec, root: Path, time: BoxTime, tell: Tell) -> None:
        self.spec, self.slot, self._root, self._time, self._tell = spec, Slot(), root, time, tell
        self._observer = Observer(spec, keeper(root, spec.id), root)
        self._keepsake = root / "data" / "vision" / f"{spec.id}.scene"
        self._remembered_at = time.now()
        self.recent = Recent()
        self._told_at = self._previewed_at = self._last_at = 0
        self._health, self._fps, self._ok = "", 0.0, False

    def serve(self, stop: threading.Event) -> None:
        """Until *stop*. Runs in a thread of its own."""
        rng, wait = Random(self.spec.id), PATIENCE[0]  # noqa: S311 - jitter
        with suppress(OSError, ValueError):  # none yet, or spoilt: the scene is learnt anew
            self._observer.watcher.recalled = unpacked(self._keepsake.read_bytes())
        while not stop.is_set():
            self._ok = False
            try:
                for shot in shots(self.spec, self._root, self.slot, Pace(self.spec.fps, stop)):
                    self._take(shot)
            except (Lost, Unusable) as lost:
                wait = PATIENCE[0] if self._ok else min(wait * 2, PATIENCE[1])
                self._lost(str(lost), wait)
                stop.wait(wait * rng.uniform(0.5, 1.0))
        self._remember(self._time.now())

    def _remember(self, now: Millis) -> None:
        self._remembered_at = now
        if keepsake := self._observer.watcher.keepsake(now):
            self._keepsake.parent.mkdir(parents=True, exist_ok=True)
            durable.write(self._keepsake, packed_scene(keepsake))

    def _take(self, shot: Plane | BadPicture) -> None:
        if isinstance(shot, BadPicture):
            self._tell(Spoilt(self.spec.id, str(shot)))
            return
        now = max(self._time.now(), self._last_at + 1)
        seen = self._observer.see(shot, now)
        if not self._ok:
            self._ok = True
            self._tell(State(self.spec.id, "ok", ""))
        if self._last_at:
            self._fps += 0.2 * (1000 / (now - self._last_at) - self._fps)
        self._last_at = now
        if seen.changed or seen.health != self._health or now - self._told_at >= HEARTBEAT:
            self._told_at, self._health = now, seen.health
            self._tell(Sighted(self.spec.id, seen.detections, seen.health, now))
        if self.recent.due(now):
            self._film(shot, now)
        if now - self._previewed_at >= PREVIEW or seen.changed:
            self._preview(seen)
        if now - self._remembered_at >= REMEMBER:
            self._remember(now)

    def _film(self, picture: Plane, now: Millis) -> None:
        """Keep *picture*, masked by now, in memory, so that other settings can be tried on it."""
        if self.recent.begins(now):
            keepsake = self._observer.watcher.keepsake(now)
            self.recent.begin(now, packed_scene(keepsake) if keepsake else b"")
        self.recent.add(Shot(now, shrunk(picture, self.spec)))

    def _preview(self, seen: Seen) -> None:
        self._previewed_at = seen.at
        jpeg, fps = self._observer.preview(), round(self._fps, 2)
        self.recent.show(Shot(seen.at, jpeg))
        told = seen.detections, seen.health, seen.at, fps, seen.measures
        self._tell(Preview(self.spec.id, jpeg, *told))

    def _lost(self, why: str, wait: float) -> None:
        self._tell(State(self.spec.id, "retrying", f"{why}; next try in {wait:.0f} s"))
        now = self._time.now()
        if self._health != "no_signal" or now - self._told_at >= HEARTBEAT:
            self._told_at, self._health = now, "no_signal"
            self._tell(Sighted(self.spec.id, (), "no_signal", now))


def work(sock: socket.socket) -> None:
    """Serve the gateway at the other end of *sock* until it is gone."""
    link, stop = Link(sock), threading.Event()
    setup = link.hear()
    if not isinstance(setup, Setup):
        return
    time, root = BoxTime(setup.now), Path(setup.root)
    posts = {spec.id: Post(spec, root, time, link.tell) for spec in setup.cameras}
    threads = [
        threading.Thread(target=post.serve, args=(stop,), name=post.spec.id, daemon=True)  # noqa: TID251 - decoders block; the worker is where threads live
        for post in posts.values()
    ]
    threads.append(threading.Thread(target=_beat, args=(link.tell, stop), daemon=True))  # noqa: TID251 - as above
    for thread in threads:
        thread.start()
    try:
        _listen(link, posts, time, Stage(root))
    finally:
        stop.set()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))


def _listen(link: Link, posts: dict[str, Post], time: BoxTime, stage: Stage) -> None:
    while message := link.hear():
        match message:
            case Time(now):
                time.set(now)
            case Feed(camera, jpeg) if camera in posts:
                posts[camera].slot.put(jpeg)
            case Try() if message.camera.id in posts:
                recent = posts[message.camera.id].recent.footage(message.seconds)
                args = link.tell, stage, message, recent
                threading.Thread(target=_perform, args=args, daemon=True).start()  # noqa: TID251 - a clip is read while cameras go on


def _perform(tell: Tell, stage: Stage, asked: Try, recent: Footage) -> None:
    with suppress(ConnectionError):
        tell(stage.perform(asked, recent))


def _die(args: threading.ExceptHookArgs) -> None:
    """A bug in one thread ends the process: it is seen, and started again, clean. So does a
    gateway that has gone."""
    if not issubclass(args.exc_type, BrokenPipeError | ConnectionError):
        sys.excepthook(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    os._exit(1)


def _beat(tell: Tell, stop: threading.Event) -> None:
    with suppress(OSError):
        while not stop.wait(ALIVE):
            tell(Alive())


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's; it ends us
    threading.excepthook = _die
    os.nice(NICE)
    cv2.setNumThreads(1)
    with closing(socket.socket(fileno=int(sys.argv[1]))) as sock:
        work(sock)


if __name__ == "__main__":
    main()
