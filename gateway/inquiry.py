"""Which incidents somebody wants to see."""

import msgspec

from gateway.model import Incident, Millis


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """Every field narrows; an empty one does not. `start` <= opened < `end`."""

    status: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    grid: str = ""
    """The beginning of one of the place's codes: `110101` is a whole district."""
    rule: str = ""
    device: str = ""
    text: str = ""
    """Somewhere in title, place, reasons, notes, or in who handles it."""
    start: Millis = 0
    end: Millis | None = None

    def fits(self, incident: Incident) -> bool:
        return (
            (not self.status or incident.status in self.status)
            and (not self.severity or incident.severity in self.severity)
            and (not self.rule or incident.rule == self.rule)
            and (not self.device or self.device in (incident.key, *incident.devices))
            and self.start <= incident.opened_at
            and (self.end is None or incident.opened_at < self.end)
            and (not self.grid or self._within(incident))
            and (not self.text or self._says(incident))
        )

    def _within(self, incident: Incident) -> bool:
        codes = [code.value for code in incident.place.codes] or [incident.place.site]
        return any(code.startswith(self.grid) for code in codes)

    def _says(self, incident: Incident) -> bool:
        wanted = self.text.casefold()
        place = incident.place
        said = (
            *(incident.id, incident.title, incident.rule, incident.kind, incident.key),
            *(place.address, incident.handled_by, incident.note),
            *(code.value for code in place.codes),
            *(reason.text for reason in incident.reasons),
        )
        return any(wanted in text.casefold() for text in said)
