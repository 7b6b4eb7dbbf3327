"""The `console:` entry of gateway.yaml."""

import ipaddress
import re
from typing import Annotated, Any, Self

import msgspec

from gateway.model import Duration


class Listen(str):
    """Where to listen: `127.0.0.1:8080`, `[::]:8080`.

    >>> Listen.parse("0.0.0.0:8080").port
    8080
    """

    __slots__ = ()

    @classmethod
    def parse(cls, raw: Any) -> Self:
        host, colon, port = raw.rpartition(":") if isinstance(raw, str) else ("", "", "")
        if not (host and colon and re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535):
            raise ValueError(f"{raw!r} is not host:port; write 127.0.0.1:8080 or [::]:8080")
        return cls(raw)

    @property
    def host(self) -> str:
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """0 takes any free one."""
        return int(self.rpartition(":")[2])

    @property
    def local(self) -> bool:
        """Only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class ConsoleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operators' pages, the HTTP API, /health and /metrics: one server, one address."""

    listen: Listen = Listen("127.0.0.1:8080")
    """Where to listen, host:port. 0.0.0.0 is every network of the box: give it tls then."""
    public_url: str = ""
    """How others reach it, such as https://box.example:8443; goes into evidence links."""
    tls_cert: str = ""
    """PEM file with the certificate chain, relative to the site. Empty: no TLS."""
    tls_key: str = ""
    """PEM file with its key."""
    session: Duration = Duration.parse("12h")
    """How long a login lasts."""
    idle: Duration = Duration.parse("2h")
    """Without a page of it open for so long, a login ends sooner."""
    max_body: Annotated[int, msgspec.Meta(ge=1024, le=64_000_000)] = 1_000_000
    """Largest body that POST /api/v1/readings takes, bytes."""

    def __post_init__(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key belong together; give both or neither")

    @property
    def url(self) -> str:
        """Where links to this box lead; on a box that listens on every network, only
        `public_url` can say it so that others find it."""
        return self.public_url or f"{'https' if self.tls_cert else 'http'}://{self.listen}"

    @property
    def secure(self) -> bool:
        """Browsers see https, from us or from a proxy before us."""
        return bool(self.tls_cert) or self.public_url.startswith("https:")
