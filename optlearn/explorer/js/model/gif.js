// Pictures as an animated GIF: one palette by median cut, of each picture what changed, and LZW.

/** Colours of the palette; one more index is for what did not change. */
const COLOURS = 255;

/** Colours by the six upper bits of red, green and blue. */
const CELLS_OF_COLOUR = 2 ** 18;

/** @param {ArrayLike<number>} data @param {number} k */
const coarse = (data, k) => ((data[k] >> 2) << 12) | ((data[k + 1] >> 2) << 6) | (data[k + 2] >> 2);

/**
 * Colours that stand for those of some pictures: boxes of colours are cut at the middle of their longest side.
 * @param {ArrayLike<number>[]} pictures red, green, blue and alpha of each pixel @returns {number[][]}
 */
export function paletteOf(pictures) {
  const counts = new Float64Array(CELLS_OF_COLOUR);
  const sums = new Float64Array(3 * CELLS_OF_COLOUR);
  for (const data of pictures) {
    for (let k = 0; k < data.length; k += 4) {
      const c = coarse(data, k);
      counts[c] += 1;
      for (let d = 0; d < 3; d++) sums[3 * c + d] += data[k + d];
    }
  }
  const shade = (c, d) => (c >> (12 - 6 * d)) & 63;
  const boxOf = (colours) => {
    let [size, axis, least, weight] = [0, 0, 0, 0];
    for (let d = 0; d < 3; d++) {
      let [low, high] = [64, 0];
      for (const c of colours) [low, high] = [Math.min(low, shade(c, d)), Math.max(high, shade(c, d))];
      if (high - low > size) [size, axis, least] = [high - low, d, low];
    }
    for (const c of colours) weight += counts[c];
    // Rare colours count as well: a thin path is not to vanish in the land.
    return { colours, axis, size, least, rank: size * Math.sqrt(weight) };
  };
  const boxes = [boxOf(Array.from({ length: CELLS_OF_COLOUR }, (_, c) => c).filter((c) => counts[c]))];
  while (boxes.length < COLOURS) {
    const k = boxes.reduce((best, box, i) => (box.rank > boxes[best].rank ? i : best), 0);
    const { colours, axis, size, least } = boxes[k];
    if (!size) break;
    const lower = (c) => shade(c, axis) <= least + (size - 1) / 2;
    boxes.splice(k, 1, boxOf(colours.filter(lower)), boxOf(colours.filter((c) => !lower(c))));
  }
  return boxes.map(({ colours }) => [0, 1, 2].map((d) => {
    let [sum, count] = [0, 0];
    for (const c of colours) {
      sum += sums[3 * c + d];
      count += counts[c];
    }
    return Math.round(sum / (count || 1));
  }));
}

/** The codes of an image, in bytes. @param {Uint8Array} pixels indices of eight bits @returns {number[]} */
export function lzw(pixels) {
  /** @type {number[]} */
  const bytes = [];
  let [held, bits] = [0, 0];
  const [clear, end] = [256, 257];
  let width = 9;
  /** @type {Map<number, number>} */
  let known = new Map();
  const put = (code) => {
    held |= code << bits;
    bits += width;
    while (bits >= 8) {
      bytes.push(held & 255);
      held >>>= 8;
      bits -= 8;
    }
  };
  put(clear);
  let now = pixels[0];
  for (let k = 1; k < pixels.length; k++) {
    const longer = (now << 8) | pixels[k];
    const code = known.get(longer);
    if (code !== undefined) {
      now = code;
      continue;
    }
    put(now);
    now = pixels[k];
    const next = 258 + known.size;
    if (next === 4096) {
      put(clear);
      known = new Map();
      width = 9;
      continue;
    }
    known.set(longer, next);
    if (next === 1 << width) width += 1;
  }
  put(now);
  put(end);
  if (bits) bytes.push(held & 255);
  return bytes;
}

/**
 * A file that is written picture by picture.
 * @param {number} width @param {number} height @param {number[][]} palette
 */
export function createGif(width, height, palette) {
  const two = (x) => [x & 255, x >> 8];
  const table = [...palette.flat(), ...new Array(3 * (256 - palette.length)).fill(0)];
  /** @type {Uint8Array[]} */
  const parts = [Uint8Array.from([..."GIF89a"].map((letter) => letter.charCodeAt(0))
    .concat(two(width), two(height), [0xf7, 0, 0], table, [0x21, 0xff, 11], [..."NETSCAPE2.0"].map((letter) => letter.charCodeAt(0)), [3, 1, 0, 0, 0]))];
  const nearest = new Int16Array(CELLS_OF_COLOUR).fill(-1);
  const indexOf = (data, k) => {
    const c = coarse(data, k);
    if (nearest[c] < 0) {
      let least = Infinity;
      palette.forEach((colour, i) => {
        const far = (colour[0] - data[k]) ** 2 + (colour[1] - data[k + 1]) ** 2 + (colour[2] - data[k + 2]) ** 2;
        if (far < least) [least, nearest[c]] = [far, i];
      });
    }
    return nearest[c];
  };
  /** @type {Uint8Array | null} */
  let before = null;
  return {
    /** @param {ArrayLike<number>} data @param {number} hundredths how long it stands, of a second */
    add(data, hundredths) {
      const now = new Uint8Array(width * height);
      const shown = new Uint8Array(width * height);
      for (let n = 0; n < now.length; n++) {
        now[n] = indexOf(data, 4 * n);
        shown[n] = before && before[n] === now[n] ? COLOURS : now[n];
      }
      before = now;
      const codes = lzw(shown);
      const out = [0x21, 0xf9, 4, 0x05, ...two(hundredths), COLOURS, 0, 0x2c, 0, 0, 0, 0, ...two(width), ...two(height), 0, 8];
      for (let k = 0; k < codes.length; k += 255) {
        const block = codes.slice(k, k + 255);
        out.push(block.length, ...block);
      }
      out.push(0);
      parts.push(Uint8Array.from(out));
    },
    /** @returns {Blob} */
    end: () => new Blob(/** @type {any} */ ([...parts, Uint8Array.from([0x3b])]), { type: "image/gif" }),
  };
}
