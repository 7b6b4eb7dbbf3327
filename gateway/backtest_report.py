"""What a backtest found: as a table, as plain values for programs, as a page with plots."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any

from gateway.backtests import DAY, Against, Answer, Question, Result
from gateway.model import Duration, Millis
from rules.backtest import Episode

HOUR = 3_600_000
LEGEND = """\
open    of the time and the keys that ever had an incident, the share with one open
median  how long one is open
caught  of the incidents that people took up, those it finds too
false   of the incidents that people called void, those it raises too
new     incidents that the rule as it is does not raise; gone: those that only that one raises"""
MOST_LINES = 40
"""Keys that one timeline shows."""
MOST_DIFFERENT = 20
MOST_PLACES = 10
WIDTH = 900
_STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:60rem;
padding:0 1rem;color:#1b2733;background:#fff}h1{font-size:1.4rem}
h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;text-align:right;
border-bottom:1px solid #d9e0e6}td:first-child,th:first-child{text-align:left}
svg{width:100%;height:auto;background:#f6f8fa;border-radius:6px}svg text{font-size:11px;fill:#445}
small{color:#5a6876}@media(prefers-color-scheme:dark){body{color:#dde5ec;background:#12181f}
svg{background:#1a222b}svg text{fill:#aab}td,th{border-color:#2c3843}small{color:#93a1ae}}
"""


def table(answers: Sequence[tuple[Question, Answer]]) -> str:
    """For a terminal: one line for each variant of a rule, or for each of several rules."""
    question, answer = answers[0]
    one = len(answers) == 1
    head = f"{len(answers)} rules: {_span(question)}" if not one else _head(question, answer)
    rate = [f"per {name}" for name, _ in _rate(question)]
    rows: list[tuple[str, ...]] = [
        ("variant", "incidents", *rate, "open", "median", "caught", "false", "new", "gone")
        if one
        else ("rule", "incidents", *rate, "open", "median", "caught", "false", "judged")
    ]
    if one:
        rows += [(r.variant.label, *_cells(question, r)) for r in answer.results]
    for asked, found in () if one else answers:
        cells = _cells(asked, found.results[0])[:-2]
        rows.append((asked.variants[0].rule.id, *cells, _judged(found)))
    more = [*_difference(question, answer), *_places(answer)] if one else []
    return "\n".join([head, *_aligned(rows), *more, LEGEND])


def _difference(question: Question, answer: Answer) -> Iterator[str]:
    """Old against new, where there is one new: `+` only the new one raises, `-` only the old."""
    if len(answer.results) != 2:
        return
    (_, changed) = answer.results
    lines = [("+", e) for e in changed.new] + [("-", e) for e in changed.gone]
    for sign, e in sorted(lines, key=lambda line: line[1].opened)[:MOST_DIFFERENT]:
        closed = _date(question, e.closed) if e.closed is not None else "still open"
        yield f"{sign} {e.key}  {_date(question, e.opened)} to {closed}  {e.why}"
    if len(lines) > MOST_DIFFERENT:
        yield f"… and {len(lines) - MOST_DIFFERENT} more"


def _places(answer: Answer) -> Iterator[str]:
    """Where, for the rule as it is and the first variants; the busiest places first."""
    rows = _by_place(answer)
    if len(rows) > 2:
        yield from _aligned(rows)


def _by_place(answer: Answer) -> list[tuple[str, ...]]:
    shown = _shown(answer)
    every = sum((result.by_place for result in shown), Counter[str]())
    rows = [("place", *(result.variant.label for result in shown))]
    for place, _ in every.most_common(MOST_PLACES):
        rows.append((place or "(no place)", *(str(r.by_place[place]) for r in shown)))
    return rows


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def plain(question: Question, answer: Answer) -> dict[str, Any]:
    """For programs: everything, times in milliseconds since 1970."""
    return {
        "rule": question.variants[0].rule.id,
        "from": question.start,
        "to": question.end,
        "readings": answer.readings,
        "devices": answer.devices,
        "variants": [
            {
                "label": result.variant.label,
                "incidents": len(result.episodes),
                "per_day": round(result.per_day, 4),
                "open_share": round(result.open_share, 6),
                "median_open_ms": result.median_open,
                "by_place": dict(result.by_place.most_common()),
                "by_key": dict(Counter(e.key for e in result.episodes).most_common()),
                "against": result.against._asdict(),
                "new": [episode._asdict() for episode in result.new],
                "gone": [episode._asdict() for episode in result.gone],
                "episodes": [episode._asdict() for episode in result.episodes],
            }
            for result in answer.results
        ],
    }


def page(answers: Sequence[tuple[Question, Answer]]) -> str:
    """A page that needs nothing but itself."""
    parts = [part for question, answer in answers for part in _section(question, answer)]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
        f'content="width=device-width"><title>Backtest</title><style>{_STYLE}</style>'
        f"<h1>Backtest</h1>{''.join(parts)}</html>\n"
    )


def _head(question: Question, answer: Answer) -> str:
    return f"{question.variants[0].rule.id}: {_span(question)}, {_judged(answer)}"


def _span(question: Question) -> str:
    long = question.end - question.start
    shown = f"{long / DAY:.1f} days" if long >= DAY else str(Duration(long // 1000 * 1000))
    return f"{_date(question, question.start)} to {_date(question, question.end)}, {shown}"


def _judged(answer: Answer) -> str:
    seen = [f"{answer.readings:,} readings of {answer.devices} devices"] * bool(answer.readings)
    seen += [f"{answer.scenes:,} scenes of {answer.cameras} cameras"] * bool(answer.scenes)
    return ", ".join(seen) or "nothing that it looks at"


def _rate(question: Question) -> list[tuple[str, float]]:
    """The unit of a rate and how many of it there were; none where it would be a guess."""
    long = question.end - question.start
    units = (("day", DAY), ("hour", HOUR))
    return [(name, long / unit) for name, unit in units if long >= unit][:1]


def _cells(question: Question, result: Result) -> tuple[str, ...]:
    against: Against = result.against
    return (
        str(len(result.episodes)),
        *(f"{len(result.episodes) / count:.2f}" for _, count in _rate(question)),
        f"{result.open_share:.1%}",
        str(Duration(result.median_open // 1000 * 1000)),
        f"{against.confirmed}/{against.of_confirmed}" if against.of_confirmed else "-",
        f"{against.false_alarms}/{against.of_false_alarms}" if against.of_false_alarms else "-",
        f"+{against.new}" if against.new else "0",
        f"-{against.gone}" if against.gone else "0",
    )


def _section(question: Question, answer: Answer) -> Iterator[str]:
    yield f"<h2>{escape(_head(question, answer))}</h2>"
    rate = [f"Per {name}" for name, _ in _rate(question)]
    heads = ["Variant", "Incidents", *rate, "Time open", "Median", "Caught of confirmed"]
    heads += ["Raised of false alarms", "New", "Gone"]
    yield "<table><tr>" + "".join(f"<th>{h}</th>" for h in heads) + "</tr>"
    for result in answer.results:
        cells = [result.variant.label, *_cells(question, result)]
        yield "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"
    yield "</table>"
    (head, *rows) = _by_place(answer)
    if len(rows) > 1:
        yield "<table><tr>" + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr>"
        yield from ("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in r) + "</tr>" for r in rows)
        yield "</table>"
    if len(answer.results) > 1:
        yield "<p><small>Incidents of each variant</small></p>" + _bars(answer)
    for result in _shown(answer):
        if result.episodes:
            label = escape(result.variant.label)
            yield f"<p><small>When each was open: {label}</small></p>"
            yield _timeline(question, result.episodes)


def _shown(answer: Answer) -> list[Result]:
    """The rule as it is, and the variants with the most and the fewest incidents."""
    ranked = sorted(answer.results[1:], key=lambda result: len(result.episodes))
    return [answer.results[0], *ranked[:1], *(ranked[-1:] if len(ranked) > 1 else [])]


def _bars(answer: Answer) -> str:
    counts = [len(result.episodes) for result in answer.results]
    most, height = max([*counts, 1]), 160
    step = WIDTH / len(counts)
    bars = "".join(
        f'<rect x="{n * step + 2:.1f}" y="{height - 130 * count / most:.1f}" '
        f'width="{max(step - 4, 1):.1f}" height="{130 * count / most:.1f}" '
        f'fill="{"#7a8794" if n == 0 else "#2f7ed8"}">'
        f"<title>{escape(result.variant.label)}: {count}</title></rect>"
        f'<text x="{n * step + step / 2:.1f}" y="{height - 134 * count / most:.1f}" '
        f'text-anchor="middle">{count}</text>'
        for n, (result, count) in enumerate(zip(answer.results, counts, strict=True))
    )
    return f'<svg viewBox="0 0 {WIDTH} {height + 4}" role="img">{bars}</svg>'


def _timeline(question: Question, episodes: Sequence[Episode]) -> str:
    """A line for each key, the busiest first; a bar for each incident."""
    keys = [key for key, _ in Counter(e.key for e in episodes).most_common(MOST_LINES)]
    line = {key: 18 * n + 14 for n, key in enumerate(keys)}
    left, height = 130, 18 * len(keys) + 24
    scale = (WIDTH - left) / max(question.end - question.start, 1)

    def x(at: Millis) -> float:
        return left + (at - question.start) * scale

    names = "".join(f'<text x="4" y="{y + 4}">{escape(key[:18])}</text>' for key, y in line.items())
    bars = "".join(
        f'<rect x="{x(e.opened):.1f}" y="{line[e.key] - 5}" height="11" '
        f'width="{max(x(e.closed or question.end) - x(e.opened), 1.5):.1f}" fill="#d8572f">'
        f"<title>{escape(_date(question, e.opened))} {escape(e.why)}</title></rect>"
        for e in episodes
        if e.key in line
    )
    ends = (
        f'<text x="{left}" y="{height - 4}">{_date(question, question.start)}</text>'
        f'<text x="{WIDTH - 4}" y="{height - 4}" text-anchor="end">'
        f"{_date(question, question.end)}</text>"
    )
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{names}{bars}{ends}</svg>'


def _date(question: Question, at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, question.zone):%Y-%m-%d %H:%M}"
