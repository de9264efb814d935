"use strict";
// The layered layout of funcgrad/viz/layout.py, for what is unfolded in the page.
function layered(items, pairs, gapY) {
  // items: {w, h}; pairs: [a, b, labelWidth], sources before targets.
  const n = items.length, ranks = new Array(n).fill(0);
  pairs.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  for (const [a, b] of pairs) ranks[b] = Math.max(ranks[b], ranks[a] + 1);
  const fed = new Set(pairs.map(p => p[1])), nearest = new Map();
  for (const [a, b] of pairs)
    nearest.set(a, Math.min(nearest.has(a) ? nearest.get(a) : Infinity, ranks[b]));
  for (let v = 0; v < n; v++)
    if (!fed.has(v) && nearest.has(v)) ranks[v] = nearest.get(v) - 1;
  const layers = Array.from({length: Math.max(0, ...ranks) + 1}, () => []);
  ranks.forEach((r, v) => layers[r].push(v));
  const heights = items.map(i => i.h), left = [], right = [], chains = [];
  const link = (a, b) => { (right[a] ||= []).push(b); (left[b] ||= []).push(a); };
  let count = n;
  for (const [a, b] of pairs) {
    let before = a;
    const chain = [];
    for (let r = ranks[a] + 1; r < ranks[b]; r++) {
      layers[r].push(count); heights[count] = 8; link(before, count);
      chain.push([count, r]); before = count++;
    }
    link(before, b); chains.push(chain);
  }
  order(layers, left, right);
  const ys = new Array(count).fill(0);
  for (const layer of layers) settle(layer, layer.map(() => 0), heights, gapY, ys);
  for (let s = 0; s < 12; s++)
    for (const layer of s % 2 ? [...layers].reverse() : layers)
      settle(layer, layer.map(v => {
        const near = [...(left[v] || []), ...(right[v] || [])];
        return near.length ? near.reduce((t, u) => t + ys[u], 0) / near.length : ys[v];
      }), heights, gapY, ys);
  const low = n ? Math.min(...ys.map((y, v) => y - heights[v] / 2)) : 0;
  const gaps = layers.map(() => 56);
  for (const [, b, width] of pairs)
    gaps[ranks[b]] = Math.max(gaps[ranks[b]], width + 34);
  const xs = [];
  let at = 0;
  layers.forEach((layer, r) => {
    const width = Math.max(0, ...layer.filter(v => v < n).map(v => items[v].w));
    if (r) at += gaps[r];
    xs.push(at + width / 2); at += width;
  });
  items.forEach((item, v) => { item.x = xs[ranks[v]]; item.y = ys[v] - low; });
  return {
    width: at,
    height: n ? Math.max(...ys.map((y, v) => y + heights[v] / 2)) - low : 0,
    bends: pairs.map((p, i) => chains[i].map(([v, r]) => [xs[r], ys[v] - low])),
    pairs,
  };
}

function order(layers, left, right) {
  let best = layers.map(l => [...l]), fewest = crossings(layers, right);
  for (let s = 0; s < 12 && fewest; s++) {
    const forward = s % 2 === 0, towards = forward ? left : right;
    for (let i = 1; i < layers.length; i++) {
      const c = forward ? i : layers.length - 1 - i;
      const near = layers[forward ? c - 1 : c + 1], place = new Map();
      near.forEach((v, k) => place.set(v, k / near.length));
      const weight = new Map();
      layers[c].forEach((v, k) => {
        const to = towards[v] || [];
        weight.set(v, to.length ? to.reduce((t, u) => t + place.get(u), 0) / to.length
          : k / layers[c].length);
      });
      layers[c].sort((a, b) => weight.get(a) - weight.get(b));
    }
    const now = crossings(layers, right);
    if (now < fewest) { fewest = now; best = layers.map(l => [...l]); }
  }
  best.forEach((l, i) => { layers[i] = l; });
}

function crossings(layers, right) {
  let count = 0;
  for (let c = 0; c + 1 < layers.length; c++) {
    const place = new Map(layers[c + 1].map((v, k) => [v, k])), ends = [];
    for (const v of layers[c]) {
      const to = (right[v] || []).map(u => place.get(u));
      for (const t of to) for (const e of ends) if (e > t) count++;
      ends.push(...to);
    }
  }
  return count;
}

function settle(layer, wanted, heights, gap, ys) {
  let at = 0;
  const offsets = layer.map((v, i) =>
    i ? at += (heights[layer[i - 1]] + heights[v]) / 2 + gap : 0);
  const pools = [];
  wanted.forEach((want, i) => {
    let total = want - offsets[i], count = 1;
    while (pools.length) {
      const [t, c] = pools[pools.length - 1];
      if (t / c < total / count) break;
      pools.pop(); total += t; count += c;
    }
    pools.push([total, count]);
  });
  let i = 0;
  for (const [t, c] of pools)
    for (let k = 0; k < c; k++, i++) ys[layer[i]] = t / c + offsets[i];
}
