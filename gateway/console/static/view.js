// Draws plain descriptions of a page, and changes only what differs from the last drawing, so
// that a live page keeps its focus, its scroll position and the pictures that it has loaded.
//
//   draw(document.body, [h("p", { class: "quiet" }, "All is well")]);
//
// Text is always set as text: nothing that a device says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** One element: tag, properties (`key` tells siblings apart, `on…` are listeners), children. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flat(children), key: props?.key };
}

function flat(children) {
  return children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false)
    .map((c) => (typeof c === "object" ? c : String(c)));
}

/** Make the children of `parent` look like `children`. */
export function draw(parent, children) {
  parent.drawn = settle(parent, parent.drawn ?? [], flat([children]));
}

function settle(parent, before, after) {
  const keyed = new Map();
  for (const old of before) if (old.view.key !== undefined) keyed.set(old.view.key, old);
  const loose = before.filter((old) => old.view.key === undefined);
  const used = new Set();
  const drawn = after.map((view) => {
    const old = view.key !== undefined ? keyed.get(view.key) : loose.find((o) => !used.has(o) && same(o.view, view));
    if (!old || used.has(old) || !same(old.view, view)) return make(parent, view);
    used.add(old);
    return update(old, view);
  });
  for (const old of before) if (!used.has(old)) old.node.remove();
  drawn.forEach((item, n) => {
    if (parent.childNodes[n] !== item.node) parent.insertBefore(item.node, parent.childNodes[n] ?? null);
  });
  return drawn;
}

const same = (a, b) => (typeof a === "string" ? typeof b === "string" : a.tag === b.tag);

function make(parent, view) {
  if (typeof view === "string") return { view, node: document.createTextNode(view) };
  const svg = view.tag === "svg" || (parent.namespaceURI === SVG && parent.tagName !== "foreignObject");
  const node = svg ? document.createElementNS(SVG, view.tag) : document.createElement(view.tag);
  set(node, {}, view.props);
  const item = { view, node, drawn: settle(node, [], view.children) };
  view.props.made?.(node);
  return item;
}

function update(item, view) {
  if (typeof view === "string") {
    if (item.view !== view) item.node.data = view;
  } else {
    set(item.node, item.view.props, view.props);
    item.drawn = settle(item.node, item.drawn, view.children);
  }
  item.view = view;
  return item;
}

function set(node, before, after) {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[name];
    if (name === "key" || name === "made" || value === before[name]) continue;
    if (name.startsWith("on")) node[name] = value ?? null;
    else if (name === "style") Object.entries(value).forEach(([k, v]) => node.style.setProperty(k, v));
    else if (name === "value" || name === "checked") node[name] = value;
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
}
