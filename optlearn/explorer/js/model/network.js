// A network with one hidden layer of tanh, and the plane of the two directions in which its runs spread most.

/**
 * The loss of a network for classes on given samples, as a function of all its numbers in one row: W1, b1, W2, b2.
 * @param {{x: number[][], y: number[], hidden: number, classes: number, start: number[]}} given
 */
export function createNetwork({ x, y, hidden, classes, start }) {
  const features = x[0].length;
  const [b1, w2] = [features * hidden, features * hidden + hidden];
  const b2 = w2 + hidden * classes;
  const a = new Float64Array(hidden);
  const z = new Float64Array(classes);
  /** Shares of the classes for one sample, in z. @param {ArrayLike<number>} w @param {number} at @param {ArrayLike<number>} sample */
  function forward(w, at, sample) {
    for (let j = 0; j < hidden; j++) {
      let sum = w[at + b1 + j];
      for (let i = 0; i < features; i++) sum += sample[i] * w[at + i * hidden + j];
      a[j] = Math.tanh(sum);
    }
    let most = -Infinity;
    for (let c = 0; c < classes; c++) {
      let sum = w[at + b2 + c];
      for (let j = 0; j < hidden; j++) sum += a[j] * w[at + w2 + j * classes + c];
      z[c] = sum;
      if (sum > most) most = sum;
    }
    let total = 0;
    for (let c = 0; c < classes; c++) total += z[c] = Math.exp(z[c] - most);
    for (let c = 0; c < classes; c++) z[c] /= total;
  }
  return {
    size: b2 + classes,
    start,
    /** The shares that the network gives the classes. @param {ArrayLike<number>} w @param {number} at @param {ArrayLike<number>} sample */
    shares(w, at, sample) {
      forward(w, at, sample);
      return z;
    },
    /** @param {ArrayLike<number>} w @param {number} at */
    loss(w, at) {
      let sum = 0;
      for (let n = 0; n < x.length; n++) {
        forward(w, at, x[n]);
        sum -= Math.log(Math.max(z[y[n]], 1e-300));
      }
      return sum / x.length;
    },
    /** @param {ArrayLike<number>} w @param {number} at @param {Float64Array} out @param {number} to */
    gradient(w, at, out, to) {
      out.fill(0, to, to + b2 + classes);
      for (let n = 0; n < x.length; n++) {
        forward(w, at, x[n]);
        for (let c = 0; c < classes; c++) {
          z[c] = (z[c] - (c === y[n] ? 1 : 0)) / x.length;
          out[to + b2 + c] += z[c];
        }
        for (let j = 0; j < hidden; j++) {
          let back = 0;
          for (let c = 0; c < classes; c++) {
            out[to + w2 + j * classes + c] += a[j] * z[c];
            back += w[at + w2 + j * classes + c] * z[c];
          }
          back *= 1 - a[j] * a[j];
          out[to + b1 + j] += back;
          for (let i = 0; i < features; i++) out[to + i * hidden + j] += x[n][i] * back;
        }
      }
    },
  };
}

/**
 * A run of a rule on a network.
 * @param {any} code @param {any} rule @param {number[]} h @param {ReturnType<typeof createNetwork>} network @param {number} steps
 */
export function runOnNetwork(code, rule, h, network, steps) {
  const { layout, stride } = rule;
  const rows = new Float64Array((steps + 1) * stride);
  rows.set(network.start, layout.w[0]);
  code.start(rows, 0, h);
  const loss = [network.loss(rows, layout.w[0])];
  let last = 0;
  for (let t = 1; t <= steps; t++) {
    const [a, b] = [(t - 1) * stride, t * stride];
    code.probe(rows, a, b, t, h);
    network.gradient(rows, b + layout["@probe"][0], rows, b + layout.g[0]);
    code.step(rows, a, b, t, h);
    const now = network.loss(rows, b + layout.w[0]);
    if (!(now < 1e6)) break;
    loss.push(now);
    last = t;
  }
  const point = (t) => rows.subarray(t * stride + layout.w[0], t * stride + layout.w[0] + network.size);
  return { rows, stride, layout, last, loss, point };
}

/**
 * The plane through the mean of all points of the runs, along the two directions in which they spread most, and which
 * share of each run's squared distances from the mean it holds.
 * @param {{last: number, point: (t: number) => Float64Array}[]} runs @param {number} size
 */
export function planeOf(runs, size) {
  const points = runs.flatMap((run) => Array.from({ length: run.last + 1 }, (_, t) => run.point(t)));
  const center = new Float64Array(size);
  for (const p of points) for (let k = 0; k < size; k++) center[k] += p[k] / points.length;
  const spread = Array.from({ length: size }, () => new Float64Array(size));
  for (const p of points) {
    for (let i = 0; i < size; i++) {
      const off = p[i] - center[i];
      for (let j = 0; j < size; j++) spread[i][j] += off * (p[j] - center[j]);
    }
  }
  const dot = (u, v) => u.reduce((sum, value, k) => sum + value * v[k], 0);
  /** @type {Float64Array[]} */
  const axes = [];
  for (let n = 0; n < 2; n++) {
    // The power method, at right angles to the direction that is known.
    let v = Float64Array.from({ length: size }, (_, k) => Math.sin(3 * k + n + 1));
    for (let turn = 0; turn < 400; turn++) {
      const next = Float64Array.from(spread, (row) => dot(row, v));
      for (const known of axes) {
        const along = dot(next, known);
        next.forEach((value, k) => (next[k] = value - along * known[k]));
      }
      const length = Math.sqrt(dot(next, next)) || 1;
      const before = v;
      v = next.map((value) => value / length);
      if (turn && Math.abs(dot(before, v)) > 1 - 1e-15) break;
    }
    axes.push(v);
  }
  const place = (p) => axes.map((axis) => axis.reduce((sum, value, k) => sum + value * (p[k] - center[k]), 0));
  const held = runs.map((run) => {
    let [inside, all] = [0, 0];
    for (let t = 0; t <= run.last; t++) {
      const p = run.point(t);
      inside += place(p).reduce((sum, value) => sum + value * value, 0);
      for (let k = 0; k < size; k++) all += (p[k] - center[k]) ** 2;
    }
    return all ? inside / all : 1;
  });
  const at = new Float64Array(size);
  return {
    place,
    held,
    /** The point of all numbers at a place in the plane; the same array each time. @param {number} u @param {number} v */
    point(u, v) {
      for (let k = 0; k < size; k++) at[k] = center[k] + u * axes[0][k] + v * axes[1][k];
      return at;
    },
  };
}
