"use strict";
(() => {
  const data = JSON.parse(document.getElementById("segjob-data").textContent);
  const place = document.querySelector("figure[data-x]");
  const features = data.map.features;
  if (!place || !data.sample || features.length < 3) return;
  const NS = "http://www.w3.org/2000/svg";
  const BOX = { left: 50, right: 366, top: 14, bottom: 286 };
  const SHAPES = {
    o: "M-2.3 0a2.3 2.3 0 1 0 4.6 0a2.3 2.3 0 1 0 -4.6 0z",
    s: "M-2.1-2.1h4.2v4.2h-4.2z",
    "^": "M0-2.6L2.6 2.2H-2.6z",
    D: "M0-2.9L2.9 0L0 2.9L-2.9 0z",
    v: "M0 2.6L2.6-2.2H-2.6z",
    P: "M-.9-2.6h1.8v1.7h1.7v1.8h-1.7v1.7h-1.8v-1.7h-1.7v-1.8h1.7z",
    X: "M-2.6-1.3L-1.3-2.6L0-1.3L1.3-2.6L2.6-1.3L1.3 0L2.6 1.3L1.3 2.6L0 1.3L-1.3 2.6L-2.6 1.3L-1.3 0z",
  };
  const element = (name, attributes, parent, text) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  };
  const ahead = (f, v) => (f.function === "log1p" ? Math.log1p(v) : v);
  const told = (v) => v.toLocaleString("en", { maximumSignificantDigits: 4 });

  function ticks(f, low, high) {
    if (f.function === "log1p") {
      const found = [0];
      for (let power = 1; power < 1e15; power *= 10) found.push(power);
      return found.filter((v) => ahead(f, v) >= low && ahead(f, v) <= high).slice(-6);
    }
    const raw = (high - low) / 5;
    const ten = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((m) => m * ten).find((s) => s >= raw);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(Number((i * step).toPrecision(12)));
    return found;
  }

  function scale(f, from, to) {
    const values = data.sample.values[f.feature].map((v) => ahead(f, v));
    const centres = data.centroids.value[f.feature].map((v) => ahead(f, v));
    let low = Infinity, high = -Infinity;
    for (const v of [...values, ...centres]) { low = Math.min(low, v); high = Math.max(high, v); }
    const spare = (high - low || 1) * 0.05;
    low -= spare; high += spare;
    const at = (v) => from + ((v - low) / (high - low)) * (to - from);
    return { places: values.map(at), centres: centres.map(at), ticks: ticks(f, low, high).map((v) => [v, at(ahead(f, v))]) };
  }

  function apart(places) {
    const moved = places.map((place) => [...place]);
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < moved.length; i++) {
        for (let j = 0; j < i; j++) {
          const dx = moved[i][0] - moved[j][0], dy = moved[i][1] - moved[j][1];
          const distance = Math.hypot(dx, dy);
          if (distance >= 20) continue;
          const [wx, wy] = distance > 1e-9 ? [dx / distance, dy / distance] : [1, 0];
          const push = (20 - distance) / 2;
          moved[i] = [moved[i][0] + wx * push, moved[i][1] + wy * push];
          moved[j] = [moved[j][0] - wx * push, moved[j][1] - wy * push];
        }
      }
    }
    return moved;
  }

  function draw(x, y) {
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 380 330");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `A map by ${x.name} and ${y.name}`);
    const across = scale(x, BOX.left, BOX.right), up = scale(y, BOX.bottom, BOX.top);
    const grid = "stroke:var(--line);stroke-width:.8", small = "font-size:11px;fill:var(--muted)";
    for (const [v, at] of across.ticks) {
      element("path", { d: `M${at} ${BOX.top}V${BOX.bottom}`, style: grid }, svg);
      element("text", { x: at, y: BOX.bottom + 14, style: `${small};text-anchor:middle` }, svg, told(v));
    }
    for (const [v, at] of up.ticks) {
      element("path", { d: `M${BOX.left} ${at}H${BOX.right}`, style: grid }, svg);
      element("text", { x: BOX.left - 5, y: at + 4, style: `${small};text-anchor:end` }, svg, told(v));
    }
    const label = (f) => (f.name.length > 42 ? `${f.name.slice(0, 41)}…` : f.name);
    element("text", { x: 208, y: 320, style: "font-size:11.5px;fill:var(--ink);text-anchor:middle" }, svg, label(x));
    element("text", { transform: "translate(13 150) rotate(-90)", style: "font-size:11.5px;fill:var(--ink);text-anchor:middle" }, svg, label(y));
    data.map.segments.forEach((segment) => {
      const own = [];
      data.sample.segment_id.forEach((id, i) => {
        if (id === segment.id) own.push(`<use href="#pick-${segment.id}" x="${across.places[i].toFixed(1)}" y="${up.places[i].toFixed(1)}"/>`);
      });
      const group = element("g", { style: `fill:var(--${segment.role});fill-opacity:.72` }, svg);
      element("path", { id: `pick-${segment.id}`, d: SHAPES[segment.marker] }, element("defs", {}, group));
      group.insertAdjacentHTML("beforeend", own.join(""));
    });
    const rings = apart(across.centres.map((x, i) => [x, up.centres[i]]));
    data.map.segments.forEach((segment, i) => {
      const [cx, cy] = rings[i];
      if (Math.hypot(cx - across.centres[i], cy - up.centres[i]) > 1) {
        element("path", { d: `M${across.centres[i]} ${up.centres[i]}L${cx} ${cy}`, style: "stroke:var(--ink);stroke-width:1.2" }, svg);
      }
      element("circle", { cx, cy, r: 9, style: `fill:var(--surface);stroke:var(--${segment.role});stroke-width:2.6` }, svg);
      element("text", { x: cx, y: cy + 4, style: "font-size:11px;font-weight:700;fill:var(--ink);text-anchor:middle" }, svg, String(segment.id));
    });
    place.querySelector("svg").replaceWith(svg);
    place.querySelector("h3").textContent = `${y.name} against ${x.name}`;
    const numbers = place.querySelector("details");
    if (numbers) numbers.hidden = true;
  }

  const bar = document.createElement("div");
  bar.className = "pick";
  const select = (name, chosen) => {
    const label = document.createElement("label");
    label.append(name);
    const list = document.createElement("select");
    features.forEach((f, i) => list.add(new Option(f.name, String(i), f.feature === chosen, f.feature === chosen)));
    label.append(list);
    bar.append(label);
    list.addEventListener("change", () => draw(features[across.value], features[up.value]));
    return list;
  };
  const across = select("Across", place.dataset.x), up = select("Up", place.dataset.y);
  place.querySelector("h3").after(bar);
})();
