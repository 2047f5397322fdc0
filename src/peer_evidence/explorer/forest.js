// The forest plot of the explorer: plain rows in, an SVG element out.

const NS = "http://www.w3.org/2000/svg";
const INK = "#1a1a1a";
const SOFT = "#595959";
const ACCENT = "#0072b2";
const ROW = 22;
const LETTER = 6.6; // width of a letter at 12 px
const RIGHT = 170;
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

function node(name, attributes = {}, text = null) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

export function fixed(value, digits = 2) {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

function step(span) {
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((one) => one * power >= rough);
}

function shorten(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The range of the axis: every estimate, most of each interval, and no effect. */
function range(rows, pooled) {
  const points = rows.map((row) => row.effect);
  const ends = rows.flatMap((row) => [row.ci_low, row.ci_high]);
  const widest = 3 * Math.max(0.4, Math.max(...points) - Math.min(...points));
  let low = Math.min(0, ...points);
  let high = Math.max(0, ...points);
  const middle = 0.5 * (low + high);
  low = Math.max(Math.min(low, ...ends), middle - widest);
  high = Math.min(Math.max(high, ...ends), middle + widest);
  if (pooled) {
    low = Math.min(low, Math.max(pooled.ci_low, middle - 2 * widest));
    high = Math.max(high, Math.min(pooled.ci_high, middle + 2 * widest));
  }
  const gap = step(high - low);
  return { low: Math.floor(low / gap) * gap, high: Math.ceil(high / gap) * gap, gap };
}

function bar(svg, x, limits, y, colour) {
  const [low, high] = limits;
  const [left, right] = [x.low, x.high];
  svg.append(node("line", {
    x1: x(Math.max(low, left)), x2: x(Math.min(high, right)), y1: y, y2: y,
    stroke: colour, "stroke-width": 1.2,
  }));
  const arrow = (at, way) => svg.append(node("path", {
    d: `M${at} ${y} l${-6 * way} -4 v8 z`, fill: colour,
  }));
  if (low < left) arrow(x(left), -1);
  if (high > right) arrow(x(right), 1);
}

/**
 * Draw studies ({label, effect, ci_low, ci_high, weight}) and the pooled effect (null for none).
 * words: {measure, against, favours, summary}; width in pixels.
 */
export function drawForest(rows, pooled, words, width = 820) {
  const lines = rows.length + (pooled ? 2 : 0);
  const height = 40 + lines * ROW + 84;
  const svg = node("svg", {
    xmlns: NS, viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "font-family": FONT, "font-size": 12, "aria-label": words.summary,
  });
  svg.append(node("title", {}, words.summary));
  svg.append(node("rect", { width, height, fill: "#ffffff" }));
  if (!rows.length) {
    svg.append(node("text", { x: 10, y: 40, fill: SOFT }, "No result to draw."));
    return svg;
  }
  const span = range(rows, pooled);
  const longest = Math.max(18, ...rows.map((row) => row.short.length));
  const left = Math.min(longest * LETTER + 16, 0.4 * width);
  const x = (value) => left + ((value - span.low) / (span.high - span.low)) * (width - left - RIGHT);
  Object.assign(x, { low: span.low, high: span.high, edge: width - 8 });
  const bottom = 34 + lines * ROW;
  const head = { y: 20, fill: INK, "font-weight": 600 };
  svg.append(node("text", { ...head, x: 8 }, "Study"));
  const title = `${words.measure} (95% interval)`;
  svg.append(node("text", { ...head, x: x.edge, "text-anchor": "end" }, title));
  svg.append(node("line", { x1: x(0), x2: x(0), y1: 30, y2: bottom, stroke: SOFT }));
  const largest = Math.max(...rows.map((row) => row.weight || 0)) || 1;
  rows.forEach((row, i) => {
    const y = 44 + i * ROW;
    const label = node("text", { x: 8, y: y + 4, fill: INK }, shorten(row.short, Math.floor((left - 12) / LETTER)));
    label.append(node("title", {}, row.label));
    svg.append(label);
    bar(svg, x, [row.ci_low, row.ci_high], y, INK);
    const side = 4 + 8 * Math.sqrt((row.weight || 0) / largest);
    if (row.effect >= span.low && row.effect <= span.high) {
      svg.append(node("rect", {
        x: x(row.effect) - side / 2, y: y - side / 2, width: side, height: side, fill: ACCENT,
      }));
    }
    const limits = `${fixed(row.effect)} (${fixed(row.ci_low)} to ${fixed(row.ci_high)})`;
    svg.append(node("text", { x: x.edge, y: y + 4, "text-anchor": "end", fill: INK }, limits));
  });
  if (pooled) drawPooled(svg, x, pooled, 44 + (rows.length + 0.5) * ROW);
  drawAxis(svg, x, span, bottom, words, width);
  return svg;
}

function drawPooled(svg, x, pooled, y) {
  const inside = (value) => Math.min(Math.max(value, x.low), x.high);
  const points = [
    [x(inside(pooled.ci_low)), y], [x(inside(pooled.estimate)), y - 7],
    [x(inside(pooled.ci_high)), y], [x(inside(pooled.estimate)), y + 7],
  ];
  svg.append(node("text", { x: 8, y: y + 4, fill: INK, "font-weight": 600 }, "Pooled effect"));
  svg.append(node("polygon", { points: points.map((one) => one.join(",")).join(" "), fill: INK }));
  const limits = `${fixed(pooled.estimate)} (${fixed(pooled.ci_low)} to ${fixed(pooled.ci_high)})`;
  svg.append(node("text", {
    x: x.edge, y: y + 4, "text-anchor": "end", fill: INK, "font-weight": 600,
  }, limits));
  if (pooled.k >= 5 && Number.isFinite(pooled.pi_low)) {
    bar(svg, x, [pooled.pi_low, pooled.pi_high], y + 14, SOFT);
    svg.append(node("text", { x: 8, y: y + 18, fill: SOFT, "font-size": 11 }, "Prediction interval"));
  }
}

function drawAxis(svg, x, span, bottom, words, width) {
  const y = bottom + 4;
  svg.append(node("line", { x1: x(span.low), x2: x(span.high), y1: y, y2: y, stroke: INK }));
  const digits = Math.max(0, -Math.floor(Math.log10(span.gap) + 1e-9));
  for (let i = 0; i <= Math.round((span.high - span.low) / span.gap); i += 1) {
    const value = span.low + i * span.gap;
    svg.append(node("line", { x1: x(value), x2: x(value), y1: y, y2: y + 5, stroke: INK }));
    const text = fixed(value, digits);
    svg.append(node("text", { x: x(value), y: y + 18, "text-anchor": "middle", fill: INK }, text));
  }
  for (const [word, text, anchor, gap] of [
    ["← favours", words.against, "end", -8], ["favours →", words.favours, "start", 8],
  ]) {
    const room = Math.floor((gap < 0 ? x(0) : width - x(0)) / 7);
    const place = { fill: SOFT, x: x(0) + gap, "text-anchor": anchor };
    svg.append(node("text", { ...place, y: y + 40 }, word));
    svg.append(node("text", { ...place, y: y + 56 }, shorten(text, room)));
  }
}
