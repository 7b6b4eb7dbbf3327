// Evaluated in the page by accessibility.py; returns what is wrong, one line each.
() => {
  const found = [];
  const shown = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const nameOf = (e) => (e.getAttribute("aria-label") ?? (e.textContent + (e.querySelector("img")?.alt ?? ""))).trim();
  const say = (rule, e) => found.push(`${rule}: ${e.outerHTML.slice(0, 120)}`);

  if (!document.title) found.push("2.4.2 no title");
  if (!document.documentElement.lang) found.push("3.1.1 no language");
  if (document.querySelectorAll("h1").length !== 1) found.push("2.4.6 one h1 is wanted");
  let level = 0;
  for (const h of document.querySelectorAll("h1,h2,h3,h4")) {
    const next = Number(h.tagName[1]);
    if (next > level + 1) say("1.3.1 a level is left out", h);
    level = next;
  }
  for (const e of document.querySelectorAll("a[href],button")) if (shown(e) && !nameOf(e)) say("4.1.2 no name", e);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) say("1.1.1 no alt", e);
  for (const e of document.querySelectorAll("svg")) if (!e.hasAttribute("aria-hidden") && !e.getAttribute("aria-label")) say("1.1.1 svg", e);
  for (const e of document.querySelectorAll("input,select,textarea"))
    if (shown(e) && !e.labels.length && !e.getAttribute("aria-label")) say("1.3.1 no label", e);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) found.push("4.1.1 an id stands twice");

  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m[3] ?? 1 }; };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.a > 0.8) return c.rgb;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || !shown(e) || e.closest("svg,:disabled")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color).rgb), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`1.4.3 contrast ${ratio.toFixed(2)}: ${e.className} ${n.data.trim().slice(0, 40)}`);
  }
  return [...new Set(found)];
}
