"""The page of the simulated platform: what an operator in the city's office would see."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.register import Case

_STYLE = """
body { font: 15px/1.45 system-ui, "Noto Sans CJK SC", sans-serif; margin: 0; color: #1c2733;
       background: #f3f5f7 }
header { background: #14304f; color: #fff; padding: 14px 24px }
header h1 { font-size: 20px; margin: 0 } header p { margin: 2px 0 0; color: #b9c8d8 }
main { max-width: 1080px; margin: 20px auto; padding: 0 16px }
article { background: #fff; border-radius: 8px; padding: 14px 18px; margin-bottom: 12px;
          border-left: 6px solid #8796a5; display: flex; gap: 18px; flex-wrap: wrap }
article.critical { border-color: #b3261e } article.major { border-color: #d9730d }
article.minor { border-color: #c9a400 } article.closed { opacity: .62 }
article > div { flex: 1 1 420px } h2 { font-size: 17px; margin: 0 0 4px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 6px 0 0 }
dt { color: #5b6b7a } dd { margin: 0; overflow-wrap: anywhere }
img { width: 220px; max-width: 100%; border-radius: 5px; display: block }
article > .pictures { display: flex; gap: 10px; flex: 0 0 auto; flex-wrap: wrap;
       max-width: 100% }
figure { margin: 0; width: 220px } figcaption { color: #5b6b7a; font-size: 13px }
.tag { font-size: 13px; background: #e6ebf0; border-radius: 9px; padding: 1px 9px }
"""


def render(cases: Sequence["Case"], counts: Mapping[str, int]) -> str:
    """The whole page, newest case first as given."""
    told = (
        f"{counts.get('events', 0)} events received, {counts.get('duplicates', 0)} came twice "
        f"and counted once, {counts.get('evidence_ok', 0)} pictures checked"
    )
    articles = "\n".join(map(_article, cases)) or "<p>No incident yet. 暂无事件。</p>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="4">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>City platform (simulated)</title><style>{_STYLE}</style></head>
<body><header><h1>City platform 城市运行管理平台 <small>(simulated 模拟)</small></h1>
<p>{told}</p></header><main>{articles}</main></body></html>"""


def _article(case: "Case") -> str:
    data = case.data
    closed = "closed" if data["status"] in ("resolved", "void") else ""
    rows = {
        "Place 地点": _place(data["place"]),
        "Rule 规则": data["rule"],
        "Why 原因": "; ".join(str(reason["text"]) for reason in data["reasons"]),
        "Devices 设备": ", ".join(data["devices"]),
        "Since 开始": data["since"],
        "Told 上报": " → ".join(kind.split(".")[-2] for kind in case.events[-8:]),
        "Answered 回复": "; ".join(case.answers[-4:]),
    }
    facts = "".join(f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in rows.items())
    return (
        f'<article class="{escape(data["severity"])} {closed}"><div>'
        f"<h2>#{case.number} {escape(data['title'])}</h2>"
        f'<span class="tag">{escape(data["severity"])}</span> '
        f'<span class="tag">{escape(data["status"])}</span> '
        f'<span class="tag">{escape(data["kind"])}</span><dl>{facts}</dl></div>'
        f"{_pictures(case)}</article>"
    )


def _place(place: Mapping[str, object]) -> str:
    codes = place.get("codes")
    grids = [f"{c['scheme']} {c['value']}" for c in codes] if isinstance(codes, list) else []
    return ", ".join(str(part) for part in (place.get("address"), *grids) if part)


def _pictures(case: "Case") -> str:
    shown = [p for p in case.data["evidence"] if case.pictures.get(p["sha256"]) == "ok"][-2:]
    problems = {v for v in case.pictures.values() if v not in ("ok", "waiting")}
    figures = "".join(
        f'<figure><img src="/evidence/{escape(p["sha256"])}" alt="evidence: {escape(p["role"])}">'
        f"<figcaption>{escape(p['role'])}, {escape(p['taken_at'])}, hash checked</figcaption>"
        "</figure>"
        for p in shown
    )
    shown_together = f'<div class="pictures">{figures}</div>' if figures else ""
    return shown_together + "".join(f"<p>evidence: {escape(problem)}</p>" for problem in problems)
