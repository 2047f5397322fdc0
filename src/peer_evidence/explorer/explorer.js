// The explorer: filters and ticks in, forest plot, directions and tallies out, at once.

import { critical, pool, signTest } from "./statistics.js";
import { drawForest, fixed } from "./forest.js";

const METHODS = {
  REML: "restricted maximum likelihood", DL: "DerSimonian-Laird", PM: "Paule-Mandel",
  FE: "common effect",
};
const INTERVALS = {
  wald: "normal", hksj: "Hartung-Knapp", "hksj-adhoc": "Hartung-Knapp, never narrower",
};
const WORDS = {
  favours_intervention: "favour", favours_comparison: "against", tied: "both ways",
  no_sign: "no sign",
};

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The rows that the filters let through, ticks aside. */
export function visible(data, state) {
  return data.rows.filter((row) =>
    data.filters.every(({ key }) => !state[key] || row[key] === state[key]));
}

/** One result a study and domain: the last measured, the later row where times are equal. */
export function oneEach(rows) {
  const found = new Map();
  for (const row of rows) {
    if (row.effect === null) continue;
    const key = `${row.domain}\n${row.study}`;
    const other = found.get(key);
    const time = row.months ?? -Infinity;
    if (!other || time >= (other.months ?? -Infinity)) found.set(key, row);
  }
  return [...found.values()];
}

/** One vote a study: its direction, tied where its results disagree, no_sign where none has one. */
export function votes(rows) {
  const signs = new Map();
  for (const row of rows) {
    const held = signs.get(row.study) ?? new Set();
    if (row.direction === "favours_intervention" || row.direction === "favours_comparison") {
      held.add(row.direction);
    }
    signs.set(row.study, held);
  }
  const counts = { favours_intervention: 0, favours_comparison: 0, tied: 0, no_sign: 0 };
  for (const held of signs.values()) {
    if (held.size === 2) counts.tied += 1;
    else if (held.size === 1) counts[[...held][0]] += 1;
    else counts.no_sign += 1;
  }
  return counts;
}

function readState(data, text) {
  const state = { off: new Set(), method: "REML", ci: "wald", unread: [] };
  const studies = new Set(data.rows.map((row) => row.study));
  for (const { key } of data.filters) state[key] = "";
  const given = new URLSearchParams(text.replace(/^#/, ""));
  if (![...given.keys()].length) state.domain = data.first;
  for (const [key, value] of given) {
    const filter = data.filters.find((one) => one.key === key);
    if (filter && filter.options.some((one) => one.value === value)) state[key] = value;
    else if (key === "method" && value in METHODS) state.method = value;
    else if (key === "ci" && value in INTERVALS) state.ci = value;
    else if (key === "off") {
      for (const one of value.split(",").filter(Boolean)) {
        if (studies.has(one)) state.off.add(one);
        else state.unread.push(`off=${one}`);
      }
    } else state.unread.push(`${key}=${value}`);
  }
  return state;
}

function writeState(data, state) {
  const given = new URLSearchParams();
  for (const { key } of data.filters) if (state[key]) given.set(key, state[key]);
  if (state.off.size) given.set("off", [...state.off].sort().join(","));
  given.set("method", state.method);
  given.set("ci", state.ci);
  return given.toString();
}

/** Everything that is shown, computed from the records and the state. */
export function compute(data, state) {
  const shown = visible(data, state);
  const rows = shown.filter((row) => !state.off.has(row.study));
  const each = oneEach(rows);
  const domains = new Set(each.map((row) => row.domain));
  const single = domains.size === 1;
  const pooled = single && each.length > 1
    ? pool(each.map((row) => row.effect), each.map((row) => row.variance), state) : null;
  const z = critical(0.95);
  const drawn = each.map((row, i) => ({
    ...row,
    short: single ? row.short : `${row.short}, ${row.domainLabel}`,
    ci_low: row.effect - z * Math.sqrt(row.variance),
    ci_high: row.effect + z * Math.sqrt(row.variance),
    weight: pooled ? pooled.weights[i] : 1 / row.variance,
  }));
  const conclusions = {};
  for (const row of rows) conclusions[row.conclusion] = (conclusions[row.conclusion] ?? 0) + 1;
  const counts = votes(rows);
  const sign = signTest(counts.favours_intervention, counts.favours_comparison);
  return { shown, rows, drawn, pooled, single, conclusions, counts, sign };
}

function p(value) {
  return value < 0.001 ? "p < 0.001" : `p = ${fixed(value, 3)}`;
}

/** What must be said where Hartung-Knapp gives less than the normal interval. */
function narrower(found, state) {
  if (state.ci !== "hksj") return "";
  const effects = found.drawn.map((row) => row.effect);
  const normal = pool(effects, found.drawn.map((row) => row.variance), { ...state, ci: "wald" });
  const width = (one) => one.ci_high - one.ci_low;
  return width(found.pooled) < width(normal)
    ? " This Hartung-Knapp interval is narrower than the normal one " +
      `(${fixed(normal.ci_low)} to ${fixed(normal.ci_high)}), as happens when studies agree ` +
      "by chance; choose “never narrower” to guard against it."
    : "";
}

function headline(data, state, found) {
  const { pooled, drawn } = found;
  if (!drawn.length) return "No result shown has numbers that give an effect.";
  if (!found.single) return "The effects shown are of several domains; choose one domain to pool them.";
  if (!pooled) return "A single study has an effect here; there is nothing to pool.";
  const interval = `${fixed(pooled.ci_low)} to ${fixed(pooled.ci_high)}`;
  const few = pooled.k < 5 ? ` Only ${pooled.k} studies: the interval is hardly known.` : "";
  return `Pooled ${data.measure} ${fixed(pooled.estimate)} (95% interval ${interval}, ` +
    `${p(pooled.p_value)}), ${pooled.k} studies. I² ${fixed(pooled.i2, 0)}%, ` +
    `τ² ${fixed(pooled.tau2, 3)}.${few}${narrower(found, state)}`;
}

function table(caption, header, rows) {
  const made = element("table", {}, element("caption", {}, caption));
  made.append(element("thead", {}, element("tr", {},
    ...header.map((one) => element("th", { scope: "col" }, one)))));
  const body = element("tbody");
  for (const row of rows) {
    body.append(element("tr", {}, ...row.map((one, i) =>
      element(i ? "td" : "th", i ? {} : { scope: "row" }, String(one)))));
  }
  made.append(body);
  return made;
}

function tallies(data, found) {
  const { counts, sign } = found;
  const part = element("div", { class: "tallies" });
  part.append(table(
    "Studies by direction, one vote each",
    Object.values(WORDS), [Object.keys(WORDS).map((key) => counts[key])],
  ));
  const others = counts.tied + counts.no_sign;
  const strict = signTest(counts.favours_intervention, counts.favours_comparison + others);
  part.append(element("p", {}, sign
    ? `In favour: ${Math.round(100 * sign.proportion)}% of the studies with a sign ` +
      `(95% interval ${Math.round(100 * sign.ci_low)} to ${Math.round(100 * sign.ci_high)}%, ` +
      `${p(sign.p_value)}). Counting the ${others} without a single sign against: ` +
      `${Math.round(100 * strict.proportion)}%.`
    : "No study shown has a single sign."));
  part.append(table(
    "Results by reported conclusion",
    data.conclusions.map((one) => one.label),
    [data.conclusions.map((one) => found.conclusions[one.value] ?? 0)],
  ));
  return part;
}

/** A cell of a CSV: quoted where needed, formulas made plain text. */
export function csvCell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv(rows) {
  const names = ["id", "study", "label", "domain", "months", "direction", "conclusion", "effect",
    "variance", "ci_low", "ci_high", "weight"];
  return [names.join(","), ...rows.map((row) => names.map((one) => csvCell(row[one])).join(","))]
    .join("\r\n").concat("\r\n");
}

function offer(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function savePng(svg) {
  const text = new XMLSerializer().serializeToString(svg);
  const image = new Image();
  image.onload = () => {
    const canvas = element("canvas", { width: 2 * image.width, height: 2 * image.height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    canvas.toBlob((blob) => offer("forest.png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

function choice(root, name, label, options, value, change) {
  const id = `pe-${name}-${Math.random().toString(36).slice(2)}`;
  const select = element("select", { id, name });
  for (const [key, text] of options) select.append(element("option", { value: key }, text));
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  root.append(element("label", { for: id }, label), select);
}

/** Build the explorer in an element. keep: called with the state as text when it changes. */
export function start(root, data, text = "", keep = () => {}) {
  const domains = data.filters.find((one) => one.key === "domain").options;
  const names = new Map(domains.map((one) => [one.value, one.label]));
  for (const row of data.rows) row.domainLabel = names.get(row.domain) ?? "";
  const state = readState(data, text);
  const controls = element("form", { class: "controls", "aria-label": "Filters" });
  controls.addEventListener("submit", (event) => event.preventDefault());
  const list = element("fieldset", { class: "studies" });
  const answer = element("p", { class: "answer", role: "status" });
  const paper = element("div", {
    class: "paper", tabindex: "0", role: "region", "aria-label": "Forest plot",
  });
  const hint = element("p", { class: "small hint" }, "The plot is wider than the screen: scroll it sideways.");
  const under = element("div");
  let latest = null;

  const draw = () => {
    latest = compute(data, state);
    const line = headline(data, state, latest);
    answer.textContent = line;
    paper.replaceChildren(drawForest(latest.drawn, latest.pooled, {
      measure: data.measure, favours: data.intervention, against: data.comparison, summary: line,
    }, Math.max(540, Math.min(900, paper.clientWidth || 820))));
    hint.hidden = paper.scrollWidth <= paper.clientWidth;
    under.replaceChildren(tallies(data, latest));
    keep(writeState(data, state));
  };
  const listStudies = () => {
    const named = new Map(visible(data, state).map((row) => [row.study, row.label]));
    const order = [...named].sort((a, b) => a[1].localeCompare(b[1], "en"));
    const caption = element("legend", {}, `Studies (${order.length})`);
    list.replaceChildren(caption, ...order.map(([study, label]) => {
      const box = element("input", { type: "checkbox", value: study });
      box.checked = !state.off.has(study);
      box.addEventListener("change", () => {
        if (box.checked) state.off.delete(study);
        else state.off.add(study);
        draw();
      });
      return element("label", {}, box, ` ${label}`);
    }));
  };
  const refresh = () => { listStudies(); draw(); };
  for (const { key, label, options } of data.filters) {
    const all = [["", "all"], ...options.map((one) => [one.value, one.label])];
    choice(controls, key, label, all, state[key], (value) => { state[key] = value; refresh(); });
  }
  choice(controls, "method", "Estimator", Object.entries(METHODS), state.method,
    (value) => { state.method = value; draw(); });
  choice(controls, "ci", "Interval", Object.entries(INTERVALS), state.ci,
    (value) => { state.ci = value; draw(); });
  const button = (label, act) => {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", act);
    return made;
  };
  const buttons = element("p", { class: "buttons" },
    button("All studies", () => { state.off.clear(); refresh(); }),
    button("Save SVG", () => offer("forest.svg", new Blob(
      [new XMLSerializer().serializeToString(paper.firstChild)], { type: "image/svg+xml" }))),
    button("Save PNG", () => savePng(paper.firstChild)),
    button("Save CSV", () => offer("explorer.csv", new Blob([toCsv(latest.drawn)], {
      type: "text/csv" }))));
  controls.append(list);
  const main = element("div", { class: "shown" }, answer, paper, hint, buttons, under,
    element("p", { class: "small" }, data.note));
  if (state.unread.length) {
    const words = `Passed over in the address, as nothing here has that name: ${state.unread.join(", ")}.`;
    main.prepend(element("p", { class: "small unread" }, words));
  }
  root.classList.add("pe-explorer");
  root.replaceChildren(controls, main);
  refresh();
  let width = paper.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(paper.clientWidth - width) > 8) {
      width = paper.clientWidth;
      draw();
    }
  }).observe(paper);
  return { state, latest: () => latest };
}
