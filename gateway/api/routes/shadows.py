"""Rules on trial: what they would have told, beside what was told; kept, or let go."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway import rule_text
from gateway.api import rule_files
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.problem import Problem
from gateway.api.routes.rule_changes import MADE, Reason, cutting, known, written
from gateway.api.routes.site import body, saved, shop
from gateway.inquiry import Inquiry
from gateway.model import Incident, Millis
from gateway.rule_versions import SHADOW
from gateway.shadow import Episode, episodes
from gateway.store.revisions import Revision

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])

MOST = 200
"""Of each side, the latest."""
ONE = {"key": "bin-03", "opened": 1790000000000, "closed": None, "why": "fill level 93 %"}
EXAMPLE = {"since": 1789990000000, "live": [ONE], "shadow": []}


class Told(msgspec.Struct, frozen=True):
    key: str
    opened: Millis
    closed: Millis | None
    why: str


class Beside(msgspec.Struct, frozen=True):
    """The latest first. `since`: null where the rule is not on trial."""

    since: Millis | None
    live: list[Told]
    shadow: list[Told]


@router.get("/{id}/shadow", summary="A rule on trial", responses=described(Beside, EXAMPLE))
@needs("operator")
async def shadow(id: str, desk: TheDesk) -> Response:
    """What the rule as it is told since the trial began, and what the other form would have."""
    known(desk, id)
    since = await rule_files.on_trial_since(shop(desk), desk.root, id)
    if since is None:
        return answer(Beside(None, [], []))
    told = episodes(await desk.store.shadows.told(id, since))
    live = await desk.store.cases.find(Inquiry(rule=id, start=since), MOST)
    shown = [_trial(episode) for episode in reversed(told[-MOST:])]
    return answer(Beside(since, [_live(incident) for incident in live], shown))


@router.post(
    "/{id}/promote",
    summary="Put the form that is on trial in force",
    openapi_extra=body({"why": "a week without a false alarm"}),
    responses=described(Revision, MADE),
)
@needs("operator")
async def promote(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """It takes the rule's place, in one change. 409: the rule is not on trial."""
    asked, now = await read(request, Reason), await written(desk, id)
    trial = await shop(desk).text(SHADOW)
    with cutting():
        fresh, left = rule_text.own_text(trial, id), rule_text.removed(trial, id)
        if not fresh:
            raise Problem(409, "This rule is not on trial.")
        files = {now.file: rule_text.put(now.text, id, fresh), SHADOW: left}
    made = await saved(desk, files, caller.name, asked.why)
    await desk.audit.record(caller.name, "rule.promote", id, now.own, fresh)
    return answer(made)


@router.post(
    "/{id}/discard",
    summary="End a trial",
    openapi_extra=body({"why": "no better"}),
    responses=described(Revision, MADE),
)
@needs("operator")
async def discard(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """The rule stays as it is. 409: it is not on trial."""
    asked = await read(request, Reason)
    known(desk, id)
    trial = await shop(desk).text(SHADOW)
    with cutting():
        gone, left = rule_text.own_text(trial, id), rule_text.removed(trial, id)
    if not gone:
        raise Problem(409, "This rule is not on trial.")
    made = await saved(desk, {SHADOW: left}, caller.name, asked.why)
    await desk.audit.record(caller.name, "rule.discard", id, gone, "")
    return answer(made)


def _trial(episode: Episode) -> Told:
    return Told(*episode)


def _live(incident: Incident) -> Told:
    why = incident.reasons[0].text if incident.reasons else ""
    return Told(incident.key, incident.opened_at, incident.closed_at, why)
