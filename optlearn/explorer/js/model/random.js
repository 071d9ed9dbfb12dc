// The generator of numpy.random.RandomState: MT19937 and normals by the polar method, number for number.

/**
 * @param {number} seed an integer from 0 to 2^32 - 1
 * @returns {{normal: () => number, normals: (n: number) => Float64Array, uniform: () => number}}
 */
export function randomState(seed) {
  const mt = new Uint32Array(624);
  let at = 624;
  let spare = 0;
  let hasSpare = false;
  mt[0] = seed >>> 0;
  for (let i = 1; i < 624; i++) {
    const before = mt[i - 1] ^ (mt[i - 1] >>> 30);
    mt[i] = Math.imul(1812433253, before) + i;
  }
  function refill() {
    for (let i = 0; i < 624; i++) {
      const y = (mt[i] & 0x80000000) | (mt[(i + 1) % 624] & 0x7fffffff);
      mt[i] = mt[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  }
  function integer() {
    if (at >= 624) refill();
    let y = mt[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }
  function uniform() {
    const a = integer() >>> 5;
    const b = integer() >>> 6;
    return (a * 67108864 + b) / 9007199254740992;
  }
  function normal() {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    let x, y, r;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1 || r === 0);
    const scale = Math.sqrt((-2 * Math.log(r)) / r);
    spare = scale * x;
    hasSpare = true;
    return scale * y;
  }
  return {
    normal,
    uniform,
    normals(n) {
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) out[i] = normal();
      return out;
    },
  };
}

/**
 * All that the steps of a run draw, in the order of `optlearn.run`: for each step two normals for every draw of the rule,
 * the rows of its minibatch, two normals for the noise of the gradient.
 * @param {number} seed @param {number} steps @param {number} draws of the rule
 * @param {number} batch samples a step, 0 for all of them @param {number} samples how many there are @param {boolean} noisy
 */
export function tapeOf(seed, steps, draws, batch, samples, noisy) {
  const { normal, uniform } = randomState(seed);
  const tape = new Float64Array(steps * (2 * draws + batch + (noisy ? 2 : 0)));
  let at = 0;
  for (let t = 0; t < steps; t++) {
    for (let k = 0; k < 2 * draws; k++) tape[at++] = normal();
    for (let k = 0; k < batch; k++) tape[at++] = Math.floor(uniform() * samples);
    if (noisy) for (let k = 0; k < 2; k++) tape[at++] = normal();
  }
  return tape;
}
