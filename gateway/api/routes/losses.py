"""What came, or should have come, and became no reading: where to look for the cause."""

import msgspec
from fastapi import APIRouter, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk

router = APIRouter(tags=["health"])

KINDS = {
    "mqtt_shed": "shed",
    "mqtt_throttled": "slowed",
    "mqtt_denied": "denied",
    "mqtt_dropped": "dropped",
    "mqtt_broker_dropped": "broker_dropped",
    "mqtt_sessions_forgotten": "forgotten",
}
"""Counter -> what the console calls it. Gaps in what devices count are among `rejected`."""
GAP = "sequence_gap"


class Loss(msgspec.Struct, frozen=True):
    """*kind* is shed, slowed, denied, dropped, broker_dropped, forgotten or gap."""

    kind: str
    part: str
    """The source; the dialect for a gap."""
    who: str
    """The topic, the user, or the reason; empty where nobody can be named."""
    count: int
    """Since the gateway started: messages, or times."""


EXAMPLE = [{"kind": "shed", "part": "mosquitto", "who": "zigbee2mqtt/meter-7", "count": 41200}]


@router.get(
    "/api/v1/losses",
    summary="What was left out, and who is too loud",
    responses=described(list[Loss], EXAMPLE),
)
@needs("operator")
async def losses(desk: TheDesk) -> Response:
    """By kind and by who caused it, the most first. What nobody could read is in the quarantine."""
    found = [
        Loss(KINDS[what], part, why, n)
        for (what, part, why), n in desk.health.counters.items()
        if what in KINDS
    ]
    found += [
        Loss("gap", part, "", n)
        for (what, part, why), n in desk.health.counters.items()
        if (what, why) == ("rejected", GAP)
    ]
    return answer(sorted(found, key=lambda loss: -loss.count))
