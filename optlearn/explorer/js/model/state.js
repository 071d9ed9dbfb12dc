// The state of one explorer: a thin room around the model (ipywidgets' or the page's own), with one frame for all changes.

/** What a run depends on; a change of any of these recomputes the runs. */
export const RUN_KEYS = ["surface", "params", "start", "steps", "racers", "seed", "noise", "batch", "delay"];

/** Everything that makes up the state, in the order in which links carry it. */
export const STATE_KEYS = [
  ...RUN_KEYS, "step", "selected", "focus", "speed", "playing", "panel", "preset", "fair", "band", "map", "prompt", "tries", "only", "target", "relief",
];

/**
 * @typedef {{rule: string, h: number[], hidden?: boolean, schedules?: Object<string, any>, label?: string,
 *   past?: [number, number[]][]}} Racer `past`: until which step other numbers hold
 * @typedef {{get: (key: string) => any, set: (key: string, value: any) => void,
 *   on: (event: string, callback: Function) => void, off?: (event: string, callback?: Function) => void,
 *   save_changes: () => void}} Model
 */

/**
 * A store: reads through to the model, gathers changes, tells `onFrame` once a frame which keys changed.
 * Values that do not belong to the saved state (hover, drag) live in the store alone, under names with a leading underscore.
 * @param {Model} model
 * @param {(changed: Set<string>) => void} onFrame
 */
export function createStore(model, onFrame) {
  /** @type {Set<string>} */
  let changed = new Set();
  /** @type {Object<string, any>} */
  const local = {};
  /** Who wants to know of every change, besides the frame. @type {((changed: Set<string>) => void)[]} */
  const heard = [];
  let frame = 0;
  let closed = false;
  let writing = false;

  function mark(key) {
    changed.add(key);
    if (!frame && !closed) frame = requestAnimationFrame(flush);
  }
  function flush() {
    frame = 0;
    const now = changed;
    changed = new Set();
    onFrame(now);
    for (const hear of heard) hear(now);
  }
  const listeners = STATE_KEYS.map((key) => {
    const callback = () => {
      if (!writing) mark(key);
    };
    model.on("change:" + key, callback);
    return { key, callback };
  });

  return {
    /** @param {string} key @returns {any} */
    get(key) {
      return key[0] === "_" ? local[key] : model.get(key);
    },
    /** @param {Object<string, any>} values */
    set(values) {
      let shared = false;
      writing = true;
      for (const key of Object.keys(values)) {
        if (key[0] === "_") {
          if (local[key] === values[key]) continue;
          local[key] = values[key];
        } else {
          if (same(model.get(key), values[key])) continue;
          model.set(key, values[key]);
          shared = true;
        }
        mark(key);
      }
      writing = false;
      // At once, and ipywidgets paces what it sends: a change that waits here would be undone by the echo of the last.
      if (shared && !closed) model.save_changes();
    },
    mark,
    heard,
    /** Draws what is due now rather than in the next frame. */
    flush() {
      if (frame) cancelAnimationFrame(frame);
      if (changed.size) flush();
    },
    /** The racers with one of them changed. @param {number} index @param {Partial<Racer>} change */
    setRacer(index, change) {
      const racers = model.get("racers").slice();
      racers[index] = { ...racers[index], ...change };
      this.set({ racers });
    },
    /** All of the state as a plain object. */
    snapshot() {
      /** @type {Object<string, any>} */
      const out = {};
      for (const key of STATE_KEYS) out[key] = model.get(key);
      return JSON.parse(JSON.stringify(out));
    },
    close() {
      closed = true;
      if (frame) cancelAnimationFrame(frame);
      if (model.off) for (const { key, callback } of listeners) model.off("change:" + key, callback);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */

/** Equality of plain data. @param {any} a @param {any} b @returns {boolean} */
export function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}
