"""Makes guessing slow for the one who guesses, and for nobody else."""

import ipaddress
from collections import OrderedDict

from gateway.model import Millis

FREE = 5
"""Wrong passwords that cost nothing: people mistype."""
FIRST, LONGEST = 2_000, 900_000
"""Milliseconds to wait after the next wrong one; doubles each time, up to a quarter hour."""
KEEP = 4096
"""Addresses remembered; the one that was quiet the longest is forgotten first."""


class Throttle:
    """Wrong passwords per address. By address and not by user name, so that an attacker cannot
    lock anyone out."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, Millis]] = OrderedDict()

    def wait(self, address: str, now: Millis) -> Millis:
        """How long *address* has to wait before the next try, 0 when it may."""
        wrong, last = self._wrong.get(network(address), (0, now))
        if wrong < FREE:
            return 0
        pause = min(FIRST << min(wrong - FREE, 20), LONGEST)
        return max(0, last + pause - now)

    def failed(self, address: str, now: Millis) -> int:
        """How many there were by now since the last right one."""
        key = network(address)
        wrong, _ = self._wrong.pop(key, (0, now))
        self._wrong[key] = wrong + 1, now
        while len(self._wrong) > KEEP:
            self._wrong.popitem(last=False)
        return wrong + 1

    def succeeded(self, address: str) -> None:
        self._wrong.pop(network(address), None)


def network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: that much anybody gets.

    >>> network("2001:db8::1:2:3:4"), network("192.0.2.7")
    ('2001:db8::', '192.0.2.7')
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)).network_address)
    return str(ip)
