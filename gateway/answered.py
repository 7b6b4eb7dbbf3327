"""What platforms said of an incident: which of it is news, and what it comes to."""

from gateway.model import Answer, AnswerState, Incident

MOST_ANSWERS = 24
"""Answers of platforms that one incident carries: the last ones."""
REFUSED: frozenset[AnswerState] = frozenset({"rejected", "failed"})
"""Answers after which an incident waits for an operator to send it again."""


def last_answer(incident: Incident, sink: str) -> Answer | None:
    """What *sink* said last of *incident*."""
    return next((one for one in reversed(incident.answers) if one.sink == sink), None)


def tells(incident: Incident, answer: Answer) -> bool:
    """Whether *answer* says anything that is not known of its platform."""
    told = [one for one in reversed(incident.answers) if one.sink == answer.sink]
    last = told[0] if told else None
    if answer.state == "resent":
        return last is not None and last.state in REFUSED
    if last is None or last.state == "resent":
        return True
    number = next((o.reference for o in told if o.reference), "")
    if answer.state == "accepted" and last.state != "failed":
        # a later version arrived, which takes nothing back that was said of the incident
        return last.state != "rejected" and answer.reference not in ("", number)
    same = answer.state, answer.text, answer.reference or number
    return same != (last.state, last.text, last.reference or number)
