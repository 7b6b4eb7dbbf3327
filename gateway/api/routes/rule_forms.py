"""Rules as forms: every field of a rule's kind, and what it is."""

from fastapi import APIRouter, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.problem import Problem
from gateway.rule_form import Form, form

router = APIRouter(prefix="/api/v1/rule-forms", tags=["rules"])

EXAMPLE = {
    "id": "bin-full",
    "kind": "threshold",
    "fields": [
        {
            "name": "above",
            "sort": "number",
            "value": 90.0,
            "default": None,
            "required": False,
            "own": True,
            "least": None,
            "most": None,
            "choices": [],
        }
    ],
    "saves": True,
}


@router.get("/{id}", summary="One rule as a form", responses=described(Form, EXAMPLE))
@needs("operator")
async def rule_form(id: str, desk: TheDesk) -> Response:
    """What can be set, in the order in which people read. Send what was changed as `set` to
    PUT /api/v1/rules/{id}."""
    for rule in desk.rules:
        if rule.id == id:
            return answer(form(rule, desk.workshop is not None))
    raise Problem(404, "There is no such rule.")
