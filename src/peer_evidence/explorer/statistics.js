// The arithmetic of the explorer: plain functions of arrays, equal to the Python kernels.
// The page and the notebook widget hold this text as it stands.

const SMALL = 1e-300;

/** Natural logarithm of the gamma function, x > 0 (Lanczos 1964, g = 7, n = 9). */
export function logGamma(x) {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum = c[0];
  for (let i = 1; i < 9; i += 1) sum += c[i] / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Upper regularised incomplete gamma function Q(a, x). */
export function gammaTail(a, x) {
  if (x <= 0) return 1;
  const head = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10000; n += 1) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    return 1 - sum * head;
  }
  let b = x + 1 - a;
  let c = 1 / SMALL;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10000; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b || SMALL);
    c = b + an / c || SMALL;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return head * h;
}

/** Regularised incomplete beta function I_x(a, b). */
export function betaShare(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  ) / a;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || SMALL);
  let h = d;
  for (let m = 1; m < 10000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || SMALL);
    c = 1 + even / c || SMALL;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || SMALL);
    c = 1 + odd / c || SMALL;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return front * h;
}

/** P(Z > z) of the standard normal law. */
export function normalTail(z) {
  const half = 0.5 * gammaTail(0.5, 0.5 * z * z);
  return z >= 0 ? half : 1 - half;
}

/** P(T > t) of Student's law. */
export function studentTail(t, df) {
  const half = 0.5 * betaShare(df / (df + t * t), 0.5 * df, 0.5);
  return t >= 0 ? half : 1 - half;
}

/** The point whose upper tail is p < 0.5, by bisection in a law that falls from 0. */
function quantile(tail, p) {
  let low = 0;
  let high = 1;
  while (tail(high) > p && high < 1e300) high *= 2;
  for (let i = 0; i < 2000; i += 1) {
    const middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    if (tail(middle) > p) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/** The critical value of a two-sided interval: normal where df is infinite. */
export function critical(level, df = Infinity) {
  const p = 0.5 * (1 - level);
  return Number.isFinite(df) ? quantile((t) => studentTail(t, df), p) : quantile(normalTail, p);
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Mean, Q, and the two halves of the restricted score at a tau2. */
function atTau2(y, v, tau2) {
  let [total, squares, weighted] = [0, 0, 0];
  for (let i = 0; i < y.length; i += 1) {
    const w = 1 / (v[i] + tau2);
    total += w;
    squares += w * w;
    weighted += w * y[i];
  }
  const mean = weighted / total;
  let [q, a] = [0, 0];
  for (let i = 0; i < y.length; i += 1) {
    const w = 1 / (v[i] + tau2);
    const gap = w * (y[i] - mean) ** 2;
    q += gap;
    a += w * gap;
  }
  return { total, mean, q, a, trace: total - squares / total };
}

function dersimonianLaird(y, v) {
  const at = atTau2(y, v, 0);
  return Math.max(0, (at.q - (y.length - 1)) / at.trace);
}

/** The root of a function that is positive below it and negative above it. */
function falls(f, low, high) {
  let [a, b] = [low, high];
  for (let i = 0; i < 400; i += 1) {
    const middle = 0.5 * (a + b);
    if (middle <= a || middle >= b) break;
    if (f(middle) > 0) a = middle;
    else b = middle;
  }
  return 0.5 * (a + b);
}

function pauleMandel(y, v) {
  const f = (t) => atTau2(y, v, t).q - (y.length - 1);
  if (f(0) <= 0) return 0;
  let high = Math.max(...v);
  while (f(high) > 0) high *= 2;
  return falls(f, 0, high);
}

/** The global maximum of the restricted likelihood over tau2 >= 0. */
function restricted(y, v) {
  const score = (t) => {
    const at = atTau2(y, v, t);
    return at.a - at.trace;
  };
  const deviance = (t) => {
    const at = atTau2(y, v, t);
    return sum(v.map((one) => Math.log(one + t))) + Math.log(at.total) + at.q;
  };
  const mean = sum(y) / y.length;
  const bound = sum(y.map((one) => (one - mean) ** 2));
  if (!(bound > 0)) return 0;
  const scale = Math.min(...v);
  const steps = 128;
  const candidates = score(0) <= 0 ? [0] : [];
  let before = 0;
  let sign = score(0);
  for (let i = 1; i <= steps; i += 1) {
    const here = scale * Math.expm1((i / steps) * Math.log1p(bound / scale));
    const now = score(here);
    if (sign > 0 && now <= 0) candidates.push(falls(score, before, here));
    [before, sign] = [here, now];
  }
  if (!candidates.length) return bound;
  return candidates.reduce((best, one) => (deviance(one) < deviance(best) ? one : best));
}

const ESTIMATORS = { FE: () => 0, DL: dersimonianLaird, PM: pauleMandel, REML: restricted };

/**
 * Pool effects. method: FE, DL, REML or PM; ci: wald, hksj or hksj-adhoc. Null without a study;
 * what a single study cannot give is NaN.
 */
export function pool(y, v, { method = "REML", ci = "wald", level = 0.95 } = {}) {
  const k = y.length;
  if (!k) return null;
  const tau2 = k > 1 || method === "FE" ? ESTIMATORS[method](y, v) : NaN;
  const used = Number.isNaN(tau2) ? 0 : tau2;
  const at = atTau2(y, v, used);
  const start = atTau2(y, v, 0);
  const df = k - 1;
  const byT = ci !== "wald" && df > 0;
  let factor = 1;
  if (byT && at.q > 0) factor = ci === "hksj" ? at.q / df : Math.max(1, at.q / df);
  const se = Math.sqrt(factor / at.total);
  const width = critical(level, byT ? df : Infinity);
  const statistic = at.mean / se;
  const size = Math.abs(statistic);
  const half = width * se;
  const reach = method === "FE" ? NaN : width * Math.sqrt(se * se + tau2);
  const typical = df / start.trace;
  let i2 = NaN;
  if (df > 0 && method === "FE") i2 = start.q > 0 ? 100 * Math.max(0, (start.q - df) / start.q) : 0;
  else if (df > 0) i2 = (100 * tau2) / (tau2 + typical);
  return {
    k, tau2, i2, se, statistic,
    estimate: at.mean,
    ci_low: at.mean - half,
    ci_high: at.mean + half,
    pi_low: at.mean - reach,
    pi_high: at.mean + reach,
    p_value: 2 * (byT ? studentTail(size, df) : normalTail(size)),
    q: k > 1 ? start.q : 0,
    q_df: df,
    q_p_value: df > 0 ? gammaTail(0.5 * df, 0.5 * start.q) : 1,
    weights: v.map((one) => 100 / (one + used) / at.total),
  };
}

/** Exact two-sided sign test with the Wilson interval of the share in favour. */
export function signTest(favours, against, level = 0.95) {
  const n = favours + against;
  if (!n) return null;
  const z = critical(level);
  const share = favours / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const reach = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  const extreme = Math.max(favours, against);
  let tail = 0;
  for (let i = extreme; i <= n; i += 1) {
    tail += Math.exp(
      logGamma(n + 1) - logGamma(i + 1) - logGamma(n - i + 1) - n * Math.LN2,
    );
  }
  return {
    proportion: share,
    ci_low: Math.max(0, centre - reach),
    ci_high: Math.min(1, centre + reach),
    p_value: Math.min(1, 2 * tail),
  };
}
