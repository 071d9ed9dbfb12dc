// What comes with a script of its own, which is fetched when it is first needed.

/** Fetches a script: what the page holds of it, or the file beside the page's own. @param {string} name */
function fetchScript(name) {
  const held = document.querySelector(`script.optlearn-${name}`);
  const script = document.createElement("script");
  if (held) script.textContent = held.textContent;
  else script.src = /** @type {any} */ (window).optlearnExplorer.views.replace("-views.js", `-${name}.js`);
  document.head.append(script);
}

/** What the script of a name provides, and who waits for it. @template T @param {string} name */
export function comingWith(name) {
  /** @type {T | null} */
  let there = null;
  /** @type {((there: T) => void)[]} */
  let waiting = [];
  return {
    /** It, or null before it has come. */
    get there() {
      return there;
    },
    /** Takes it, from its script. @param {T} given */
    provide(given) {
      there = given;
      const due = waiting;
      waiting = [];
      for (const act of due) act(given);
    },
    /** Calls back with it, when it is there. @param {(there: T) => void} act */
    use(act) {
      if (there) return act(there);
      waiting.push(act);
      if (waiting.length === 1) fetchScript(name);
    },
  };
}
