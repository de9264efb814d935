"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const {nodes, edges, groups, loss} = data;
const open = new Set(data.open), LINE = 17, PAD = 12, CHAR = 7.25, LIMIT = 40, LEGIBLE = 1.5;
const svg = document.getElementById("picture"), hover = document.getElementById("hover");
const members = groups.map(() => []), sizes = groups.map(() => 0);
const first = groups.map(() => Infinity);
nodes.forEach((node, i) => {
  members[node[5]].push({start: i, key: "n" + i});
  for (let g = node[5]; g >= 0; g = groups[g][1]) {
    sizes[g]++; first[g] = Math.min(first[g], i);
  }
});
groups.forEach((group, g) => {
  if (group[1] >= 0 && sizes[g]) members[group[1]].push({start: first[g], key: "g" + g});
});
members.forEach(m => m.sort((a, b) => a.start - b.start));
const isGroup = key => key[0] === "g", number = key => +key.slice(1);
const parent = key => isGroup(key) ? groups[number(key)][1] : nodes[number(key)][5];
let step = 2 * nodes.length, drawn = {};

function make(name, attributes, ...inner) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  e.append(...inner);
  return e;
}
const cut = t => t.length > 30 ? t.slice(0, 29) + "…" : t;
const CELL = 8, DARKEST = 8;
const wide = texts => Math.max(0, ...texts.map(t => t[0].length * CHAR));

function textsOf(key) {
  const i = number(key);
  if (isGroup(key)) return [["▸ " + groups[i][0], "title"], [sizes[i] + " operations", "code"]];
  const [label, code, value, back, marks] = nodes[i];
  return [[cut(label), "title"], ...(code ? [[cut(code), "code"]] : []),
    ...value.map(v => [v, "value"]), ...(back ? [[back, "back"]] : []),
    ...marks.map(m => ["⚠ " + m, "mark"])];
}

const by = i => nodes[i][8] ? `d(${nodes[i][8]})` : "d" + nodes[i][0];
const ratio = e => nodes[e[0]][8] || nodes[e[1]][8] ? "∂" : `${by(e[1])}/${by(e[0])}`;
function localText(e) { return ratio(e) + e[2]; }
function flowText(e) {
  if (!e[3]) return "";
  const [s, t, L] = [by(e[0]), by(e[1]), by(loss)];
  return `${t}/${s}${e[2]}\n${L}/${t} · ${t}/${s} = ${e[3]}`;
}

function visible() {
  // What stands for each node: itself, or the outermost closed group around it.
  const closed = new Map();
  const around = g => {
    if (g < 0) return null;
    if (!closed.has(g)) closed.set(g, around(groups[g][1]) || (open.has(g) ? null : "g" + g));
    return closed.get(g);
  };
  return nodes.map((node, i) => around(node[5]) || "n" + i);
}

function render() {
  const shown = visible(), between = new Map();
  edges.forEach((edge, i) => {
    const a = shown[edge[0]], b = shown[edge[1]];
    if (a === b) return;
    const id = a + ">" + b;
    if (!between.has(id)) between.set(id, {a, b, edges: []});
    between.get(id).edges.push(i);
  });
  const path = key => {
    const found = [];
    for (let k = key; ;) {
      const g = parent(k); found.unshift([g, k]);
      if (g <= 0) return found;
      k = "g" + g;
    }
  };
  const pairs = groups.map(() => null);
  for (const curve of between.values()) {
    const p = path(curve.a), q = path(curve.b);
    let i = 0;
    while (p[i][1] === q[i][1]) i++;
    const e = edges[curve.edges[0]];
    curve.texts = curve.edges.length === 1 && e[3] ? [[localText(e), "local"], ["← " + e[3], "back"]] : [];
    curve.join = p[i][1] + ">" + q[i][1];
    (pairs[p[i][0]] ||= new Map()).set(curve.join,
      Math.max(pairs[p[i][0]].get(curve.join) || 0, wide(curve.texts)));
  }
  const boxes = new Map(), frames = [], bends = new Map();
  const whole = place(0, pairs, boxes, frames, bends);
  svg.replaceChildren();
  const arrow = make("marker", {id: "arrow", viewBox: "0 0 8 8", refX: 7.5, refY: 4,
    markerWidth: 8, markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse"},
    make("path", {d: "M0 .5L8 4L0 7.5z", fill: "#5b6b84"}));
  svg.append(make("defs", {}, arrow));
  drawn = {boxes: new Map(), curves: []};
  for (const f of frames) drawFrame(f);
  const curves = [...between.values()];
  for (const c of curves) drawEdge(c, boxes.get(c.a), boxes.get(c.b), bends.get(c.join));
  for (const [key, box] of boxes) drawBox(key, box);
  drawLabels(curves);
  show();
  return whole;
}

function place(g, pairs, boxes, frames, bends) {
  const items = [], index = new Map(), parts = new Map();
  for (const {key} of members[g]) {
    index.set(key, items.length);
    if (isGroup(key) && open.has(number(key))) {
      const part = {boxes: new Map(), frames: [], bends: new Map()};
      const size = place(number(key), pairs, part.boxes, part.frames, part.bends);
      parts.set(key, part);
      items.push({key, w: size.width + 2 * PAD, h: size.height + 2 * PAD + LINE});
    } else {
      const texts = textsOf(key);
      const [columns, cells] = isGroup(key) ? [] : nodes[number(key)].slice(9);
      const heat = cells && {columns, cells, w: CELL * columns, h: CELL * cells.length / columns};
      items.push({key, texts, heat, w: Math.max(56, wide(texts) + 2 * PAD, heat ? heat.w + 2 * PAD : 0),
        h: LINE * texts.length + PAD + (heat ? heat.h + PAD / 2 : 0)});
    }
  }
  const links = [...(pairs[g] || new Map())].map(([id, width]) => {
    const [a, b] = id.split(">");
    return [index.get(a), index.get(b), width, id];
  });
  const result = layered(items, links, 30);
  result.pairs.forEach((p, i) => bends.set(p[3], result.bends[i]));
  for (const item of items) {
    const part = parts.get(item.key);
    if (!part) { boxes.set(item.key, item); continue; }
    const x = item.x - item.w / 2, y = item.y - item.h / 2;
    frames.push({g: number(item.key), x, y, w: item.w, h: item.h});
    const dx = x + PAD, dy = y + PAD + LINE;
    for (const [k, b] of part.boxes) { b.x += dx; b.y += dy; boxes.set(k, b); }
    for (const f of part.frames) { f.x += dx; f.y += dy; frames.push(f); }
    for (const [k, b] of part.bends) bends.set(k, b.map(([u, v]) => [u + dx, v + dy]));
  }
  return result;
}

function drawFrame(f) {
  const e = make("g", {class: "frame", tabindex: 0, role: "button"},
    make("rect", {x: f.x, y: f.y, width: f.w, height: f.h, rx: 8}),
    make("text", {class: "title", x: f.x + PAD, y: f.y + LINE}, "▾ " + groups[f.g][0]));
  e.lastChild.onclick = () => toggle(f.g);
  e.onkeydown = event => { if (event.key === "Enter") toggle(f.g); };
  svg.append(e);
}

function drawHeat(box, heat) {
  // Cells of one shade are one path, white to black; what is not finite is crossed.
  const left = box.x - heat.w / 2, top = box.y + box.h / 2 - PAD / 2 - heat.h, paths = {};
  [...heat.cells].forEach((level, k) => {
    const at = `M${left + CELL * (k % heat.columns)} ${top + CELL * Math.floor(k / heat.columns)}`;
    paths[level] = (paths[level] || "") + at
      + (level === "x" ? `l${CELL} ${CELL}m0-${CELL}l-${CELL} ${CELL}` : `h${CELL}v${CELL}h-${CELL}z`);
  });
  const grey = level => `rgb(${Array(3).fill(Math.round(255 * (1 - level / DARKEST)))})`;
  return [...Object.entries(paths).map(([level, d]) =>
    make("path", level === "x" ? {d, class: "cross"} : {d, class: "cells", fill: grey(level)})),
    make("path", {class: "heat", d: `M${left} ${top}h${heat.w}v${heat.h}h-${heat.w}z`})];
}

function drawBox(key, box) {
  const i = number(key), e = make("g", {class: "box"},
    make("rect", {x: box.x - box.w / 2, y: box.y - box.h / 2, width: box.w, height: box.h,
      rx: !isGroup(key) && nodes[i][6] ? 14 : 5}));
  e.dataset.key = key;
  box.texts.forEach(([text, style], k) => e.append(make("text", {class: style, x: box.x,
    y: box.y - box.h / 2 + PAD / 2 + LINE * (k + .75)}, text)));
  if (box.heat) e.append(...drawHeat(box, box.heat));
  if (isGroup(key)) {
    e.classList.add("group");
    e.setAttribute("tabindex", 0); e.setAttribute("role", "button");
    e.onclick = () => { if (!moved) toggle(i); };
    e.onkeydown = event => { if (event.key === "Enter") toggle(i); };
  } else {
    if (nodes[i][6]) e.classList.add("input");
    if (nodes[i][4].length) e.classList.add("warn");
    if (i === loss) e.classList.add("loss");
  }
  tip(e, isGroup(key) ? groups[i][0] + ": " + sizes[i] + " operations; click to unfold"
    : [nodes[i][0] + (nodes[i][1] ? " = " + nodes[i][1] : ""), ...nodes[i][2], nodes[i][3],
      ...nodes[i][4], data.lines[nodes[i][7]]].filter(Boolean).join("\n"));
  drawn.boxes.set(key, e);
  svg.append(e);
}

function drawEdge(c, a, b, bends) {
  const start = [a.x + a.w / 2, a.y], end = [b.x - b.w / 2, b.y];
  const points = [start, ...bends.filter(p => p[0] > start[0] && p[0] < end[0]), end];
  let d = "M" + start, [x, y] = start;
  for (const [u, v] of points.slice(1)) {
    const reach = (u - x) / 2;
    d += `C${[x + reach, y, u - reach, v, u, v]}`; [x, y] = [u, v];
  }
  const before = points[points.length - 2];
  // The label stands before the target, as in funcgrad/viz/scene.py.
  let low = .5, high = 1;
  const across = t => before[0] + (end[0] - before[0]) * (1.5 * t * (1 - t) + t ** 3);
  for (let k = 0; k < 20; k++) {
    const t = (low + high) / 2;
    if (across(t) < end[0] - wide(c.texts) / 2 - 17) low = t; else high = t;
  }
  const mx = across(low), my = before[1] + (end[1] - before[1]) * low * low * (3 - 2 * low);
  const e = make("g", {class: c.edges.length > 1 ? "edge many" : "edge"},
    make("path", {d, "marker-end": "url(#arrow)"}));
  c.at = [mx, my];
  c.label = make("g", {class: "edge"});
  for (const part of [e, c.label])
    tip(part, c.edges.slice(0, 12).map(i => flowText(edges[i])).join("\n")
      + (c.edges.length > 12 ? `\n… ${c.edges.length} edges` : ""));
  drawn.curves.push({c, path: e});
  svg.append(e);
}

// Labels that would cover others move down, as in funcgrad/viz/scene.py.
function drawLabels(curves) {
  const placed = [];
  for (const c of curves.filter(c => c.texts.length).sort((a, b) => a.at[1] - b.at[1] || a.at[0] - b.at[0])) {
    const half = wide(c.texts) / 2, height = LINE * c.texts.length + 4;
    for (const [x, y, reach] of [...placed].sort((a, b) => a[1] - b[1]))
      if (Math.abs(x - c.at[0]) < half + reach && Math.abs(y - c.at[1]) < height) c.at[1] = y + height;
    placed.push([...c.at, half]);
    c.texts.forEach(([text, style], k) => c.label.append(make("text", {class: style, x: c.at[0],
      y: c.at[1] - 5 + k * (LINE - 2)}, text)));
    svg.append(c.label);
  }
}

function tip(element, text) {
  element.onpointermove = event => {
    if (!text) return;
    hover.textContent = text; hover.hidden = false;
    const right = event.clientX + 14 + hover.offsetWidth > innerWidth;
    hover.style.left = (right ? Math.max(0, event.clientX - hover.offsetWidth - 10) : event.clientX + 14) + "px";
    hover.style.top = Math.min(event.clientY + 14, innerHeight - hover.offsetHeight) + "px";
  };
  element.onpointerleave = () => { hover.hidden = true; };
}

// Steps: the forward pass left to right, then the backward pass right to left.
function show() {
  const n = nodes.length, done = step >= 2 * n;
  const forward = done ? n : Math.min(step, n - 1), back = done ? 0 : step < n ? n : 2 * n - 1 - step;
  const reached = i => done || i <= forward, returned = i => done || i >= back;
  for (const [key, e] of drawn.boxes) {
    const from = isGroup(key) ? first[number(key)] : number(key);
    const now = !done && (step < n ? forward : back);
    const inside = isGroup(key) ? from <= now && now < from + sizes[number(key)] : from === now;
    e.classList.toggle("later", !reached(from));
    e.classList.toggle("now", !done && inside);
    e.querySelectorAll(".back").forEach(t => t.classList.toggle("hidden", !returned(from)));
  }
  for (const {c, path} of drawn.curves) {
    const target = Math.max(...c.edges.slice(0, 50).map(i => edges[i][1]));
    const local = reached(target), flown = returned(target);
    path.classList.toggle("later", !local);
    path.classList.toggle("now", !done && (step < n ? forward : back) === target);
    [...c.label.children].forEach(t => t.classList.toggle("hidden", !flown));
  }
  const output = document.getElementById("step");
  if (done) { output.textContent = "both passes done"; return; }
  const i = step < n ? forward : back, node = nodes[i];
  output.textContent = step < n
    ? `forward ${step + 1}/${n}: ${node[0]} = ${node[2].join(" ")}`
    : `backward ${step - n + 1}/${n}: ${node[3] || node[0] + " has no derivative"}`;
}
function go(to) { step = Math.max(0, Math.min(2 * nodes.length, to)); show(); }

function toggle(g) {
  if (open.has(g)) open.delete(g); else open.add(g);
  hover.hidden = true;
  whole = render(); fit(LEGIBLE);
}
let whole, view = {x: 0, y: 0, w: 1, h: 1}, drag = null, moved = false;
function look() { svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`); }
function fit(widest = Infinity) {
  const r = svg.getBoundingClientRect(), m = 24;
  const scale = Math.max((whole.width + 2 * m) / (r.width || 1), (whole.height + 3 * m) / (r.height || 1), .6), shown = Math.min(scale, widest);
  view = {w: r.width * shown, h: r.height * shown};
  // What does not fit legibly starts at its left end, where the forward pass does.
  view.x = whole.width + 2 * m > view.w ? -m : (whole.width - view.w) / 2; view.y = (whole.height - view.h) / 2;
  look();
}
function zoom(factor, px = .5, py = .5) {
  view.x += view.w * px * (1 - factor); view.y += view.h * py * (1 - factor);
  view.w *= factor; view.h *= factor; look();
}
svg.onwheel = event => {
  event.preventDefault();
  const r = svg.getBoundingClientRect();
  zoom(Math.exp(event.deltaY / 500), (event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height);
};
svg.onpointerdown = event => { drag = [event.clientX, event.clientY, view.x, view.y]; moved = false; };
addEventListener("pointermove", event => {
  if (!drag) return;
  const r = svg.getBoundingClientRect(), dx = event.clientX - drag[0], dy = event.clientY - drag[1];
  if (Math.abs(dx) + Math.abs(dy) > 4) { moved = true; svg.classList.add("drag"); }
  view.x = drag[2] - dx * view.w / r.width; view.y = drag[3] - dy * view.h / r.height; look();
});
addEventListener("pointerup", () => { drag = null; svg.classList.remove("drag"); });
addEventListener("resize", () => fit(LEGIBLE));
addEventListener("keydown", event => {
  const keys = {ArrowRight: () => go(step >= 2 * nodes.length ? 0 : step + 1), ArrowLeft: () => go(step - 1),
    Home: () => go(0), End: () => go(2 * nodes.length), "+": () => zoom(.8), "-": () => zoom(1.25), "0": () => fit()};
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
const on = (id, action) => { document.getElementById(id).onclick = action; };
on("first", () => go(0)); on("back", () => go(step - 1));
on("next", () => go(step >= 2 * nodes.length ? 0 : step + 1)); on("all", () => go(2 * nodes.length));
on("plus", () => zoom(.8)); on("minus", () => zoom(1.25)); on("fit", () => fit());
on("fold", () => { open.clear(); open.add(0); whole = render(); fit(LEGIBLE); });
on("unfold", () => {
  // One level more of everything that is closed, while the picture stays readable.
  let shown = new Set(visible()).size;
  for (const key of [...drawn.boxes.keys()].filter(isGroup)) {
    const more = members[number(key)].length - 1;
    if (shown + more <= 4 * LIMIT) { open.add(number(key)); shown += more; }
  }
  whole = render(); fit(LEGIBLE);
});
whole = render(); fit(LEGIBLE);
