"use strict";
(() => {
  // A link to a folded part opens it.
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const fold = target && target.querySelector("details.fold");
    if (fold) fold.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  const data = JSON.parse(document.getElementById("segjob-data").textContent);
  const place = document.querySelector("figure[data-x]");
  if (!place || !data.sample) return;
  const features = data.map.features;
  const NS = "http://www.w3.org/2000/svg";
  const BOX = { left: 64, right: 366, top: 14, bottom: 286 };
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

  // Numbers as segjob.core.number_format writes them.
  const rounded = (v, digits) => {
    const ten = 10 ** digits, whole = Math.round(v * ten);
    return (Math.abs((v * ten) % 1) === 0.5 && whole % 2 ? whole - 1 : whole) / ten;
  };
  const spelled = (v, digits) => rounded(v, digits).toLocaleString("en", { maximumFractionDigits: digits });
  const printed = (text) => text.replace("-", "\u2212");
  function number(v) {
    const size = Math.abs(v);
    if (size === 0) return "0";
    if (size < 0.001) return v > 0 ? "<0.001" : ">-0.001";
    if (size >= 1e15) return size < 1e18 ? `${spelled(v / 1e12, 0)} trillion` : v.toExponential(2);
    return spelled(v, Math.min(Math.max(0, 2 - Math.floor(Math.log10(size))), 4));
  }
  function percent(v) {
    const value = v * 100, size = Math.abs(value);
    if (size > 0 && size < 0.1) return value > 0 ? "<0.1%" : ">-0.1%";
    if (value > 99.9 && value < 100) return ">99.9%";
    return `${spelled(value, size < 10 || (size > 99 && size < 100) ? 1 : 0)}%`;
  }
  function compact(v) {
    for (const [size, letter, by] of [[1e9, "B", 1e9], [1e6, "M", 1e6], [1e4, "k", 1e3]]) {
      if (Math.abs(v) >= size) return number(v / by) + letter;
    }
    return number(v);
  }
  function amount(f, v) {
    if (v === null) return "\u2013";
    if (f.is_percent) return printed(percent(v));
    if (!f.unit) return printed(number(v));
    const size = Math.abs(v);
    if ("$€£¥".includes(f.unit)) {
      const cents = size < 100 && rounded(size, 2) !== rounded(size, 0) ? 2 : 0;
      const text = size >= 1e15 ? number(size) : size.toLocaleString("en", { minimumFractionDigits: cents, maximumFractionDigits: cents });
      return `${v < 0 ? "\u2212" : ""}${f.unit}${text}`;
    }
    if (["hours", "days", "weeks", "months", "years"].includes(f.unit)) {
      if (size > 0 && size < 0.05) return `under 0.1 ${f.unit}`;
      const text = size < 9.95 ? spelled(v, 1) : number(rounded(v, 0));
      return printed(`${text} ${text === "1" || text === "-1" ? f.unit.slice(0, -1) : f.unit}`);
    }
    return printed(`${number(v)} ${f.unit}`);
  }
  const told = (v) => printed(compact(v));

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
    svg.setAttribute("viewBox", "0 0 380 340");
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
    const name = (f, attributes) => {
      const lines = [""];
      for (const word of f.name.split(" ")) {
        if (lines.length < 2 && lines[0] && lines[0].length + word.length > 45) lines.push("");
        const last = lines.length - 1;
        lines[last] = lines[last] ? `${lines[last]} ${word}` : word;
      }
      if (lines.at(-1).length > 46) lines.push(`${lines.pop().slice(0, 45)}…`);
      const text = element("text", { ...attributes, style: "font-size:11.5px;fill:var(--ink);text-anchor:middle" }, svg);
      lines.forEach((line, i) => element("tspan", { x: attributes.x || 0, dy: i ? 14 : 0 }, text, line));
    };
    name(x, { x: 215, y: 318 });
    name(y, { transform: "translate(13 150) rotate(-90)" });
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
    hover(svg, x, y, across.places, up.places);
  }

  // The nearest point's segment and values, beside the pointer.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  place.append(tip);
  const names = Object.fromEntries(data.segments.map((s) => [s.segment_id, s.name]));
  const shown = (f, i) => `${f.name}: ${amount(f, data.sample.values[f.feature][i])}`;
  function hover(svg, x, y, across, up) {
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), unit = 380 / box.width;
      const at = [(event.clientX - box.left) * unit, (event.clientY - box.top) * unit];
      let nearest = -1, least = 12 * unit;
      for (let i = 0; i < across.length; i++) {
        const away = Math.hypot(across[i] - at[0], up[i] - at[1]);
        if (away < least) { least = away; nearest = i; }
      }
      tip.hidden = nearest < 0;
      if (nearest < 0) return;
      const id = data.sample.segment_id[nearest], title = document.createElement("b");
      title.textContent = `${id} · ${names[id]}`;
      const others = features.filter((f) => f !== x && f !== y).slice(0, 4);
      const lines = [x, y, ...others].map((f) => {
        const line = document.createElement("span");
        line.textContent = shown(f, nearest);
        return line;
      });
      tip.replaceChildren(title, ...lines);
      const frame = place.getBoundingClientRect(), left = event.clientX - frame.left;
      tip.style.left = `${Math.max(4, left > frame.width / 2 ? left - tip.offsetWidth - 12 : left + 12)}px`;
      tip.style.top = `${event.clientY - frame.top + 12}px`;
    });
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  const [x0, x1, y0, y1] = place.dataset.limits.split(" ").map(Number);
  const byName = (name) => features.find((f) => f.feature === name);
  const first = byName(place.dataset.x), second = byName(place.dataset.y);
  const on = (f, low, high, from, to) =>
    data.sample.values[f.feature].map((v) => from + ((ahead(f, v) - low) / (high - low)) * (to - from));
  hover(place.querySelector("svg"), first, second, on(first, x0, x1, BOX.left, BOX.right), on(second, y0, y1, BOX.bottom, BOX.top));
  if (features.length < 3) return;

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
