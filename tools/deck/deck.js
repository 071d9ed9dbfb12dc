// Breaks what is too long for a slide into several, hangs proofs below their theorems, and starts reveal.js.
const HEIGHT = 720;
const box = (slide) => slide.querySelector(":scope > .bd-article");
const tall = (slide) => box(slide).scrollHeight > HEIGHT;
const isHeading = (node) => /^H[1-4]$/.test(node.tagName);
const contents = (node) => [...node.children].filter((one) => !one.matches("[data-proof], aside"));

/** A slide after this one, under the same heading. */
function next(slide) {
  const after = slide.cloneNode(false);
  const inner = box(slide).cloneNode(false);
  const heading = contents(box(slide)).find(isHeading);
  if (heading) inner.append(Object.assign(document.createElement("h2"), { className: "again", innerHTML: heading.innerHTML }));
  after.append(inner);
  slide.after(after);
  return after;
}

/** A box like this one with its last parts, those that do not fit, or null if it has no parts. */
function halve(slide, block) {
  // A drawing is not broken.
  if (block.matches(".optlearn-needs, svg")) return null;
  const body = block.querySelector(':scope > [class$="-content"]') || block;
  const parts = [...body.children].filter((part) => !part.matches(".admonition-title"));
  if (parts.length === 1 && parts[0].children.length > 1 && !parts[0].matches("p, figure, table, pre, .math")) return halve(slide, parts[0]);
  if (parts.length < 2 || body.matches("p, figure, table, pre, .math, .highlight")) return null;
  const rest = block.cloneNode(false);
  const title = block.querySelector(":scope > .admonition-title");
  if (title) rest.append(title.cloneNode(true));
  const home = body === block ? rest : rest.appendChild(body.cloneNode(false));
  if (body.tagName === "OL") home.start = body.start + parts.length;
  while (parts.length > 1 && tall(slide)) {
    const part = parts.pop();
    home.insertBefore(part, home.querySelector(":scope > :not(.admonition-title)"));
    if (home.tagName === "OL") home.start -= 1;
  }
  return rest;
}

/** A copy of a long table with its last rows, those that do not fit, or null. */
function rows(slide, block) {
  const body = block.querySelector("table:not(.optlearn-hyper) > tbody");
  if (!body || body.rows.length < 6) return null;
  const rest = block.cloneNode(true);
  const moved = [];
  while (body.rows.length > 3 && tall(slide)) {
    moved.unshift(body.lastElementChild);
    body.lastElementChild.remove();
  }
  rest.querySelector("table:not(.optlearn-hyper) > tbody").replaceChildren(...moved);
  return rest;
}

/** Takes what does not fit onto slides of its own. */
function split(slide) {
  if (!tall(slide)) return;
  const blocks = contents(box(slide)).filter((node) => !isHeading(node));
  if (blocks.length > 1) {
    const after = next(slide);
    const heading = contents(box(after))[0];
    // A sentence that goes on in a formula goes with it.
    const open = () => blocks.at(-1).matches("p") && !/[.!?)]\s*$/.test(blocks.at(-1).textContent);
    while (blocks.length > 1 && (tall(slide) || open())) {
      const block = blocks.pop();
      // Proofs' places go with what stands before them.
      const places = [];
      for (let node = block.nextElementSibling; node?.matches("[data-proof]"); node = node.nextElementSibling) places.push(node);
      if (heading) heading.after(block, ...places);
      else box(after).prepend(block, ...places);
    }
    split(slide);
    split(after);
    return;
  }
  const rest = blocks[0] && (halve(slide, blocks[0]) || rows(slide, blocks[0]));
  if (rest) {
    const after = next(slide);
    box(after).append(rest);
    split(after);
  }
  if (tall(slide)) shrink(slide);
}

/** A block that cannot be broken: a figure, a table, a formula. */
function shrink(slide) {
  const block = contents(box(slide)).filter((node) => !isHeading(node))[0];
  for (let scale = 0.95; block && tall(slide) && scale > 0.59; scale -= 0.05) block.style.zoom = scale;
}

/** Formulas and tables that are too wide become smaller. */
function narrow(slide) {
  for (const node of slide.querySelectorAll("div.math, table, pre")) {
    const width = node.parentElement.clientWidth;
    const own = (node.querySelector("math") || node).scrollWidth;
    if (width && own > width) node.style.zoom = Math.max(0.6, (width / own) * 0.99);
  }
}

/** What is first on a slide stands there at once. */
function begin(slide) {
  const first = contents(box(slide)).find((node) => !isHeading(node));
  if (!first?.matches(".fragment")) return;
  const index = first.dataset.fragmentIndex;
  for (const one of slide.querySelectorAll(`.fragment[data-fragment-index="${index}"]`)) one.classList.remove("fragment");
}

/** Proofs below the slide with their theorem. */
function hang(slides) {
  for (const slide of slides) {
    const below = [...slide.querySelectorAll("[data-proof]")]
      .flatMap((place) => [...document.querySelectorAll(`section[data-of="${place.dataset.proof}"]`)]);
    if (!below.length) continue;
    const stack = document.createElement("section");
    slide.replaceWith(stack);
    stack.append(slide, ...below);
  }
}

/** An explorer starts when its slide comes; keys that a presenter's remote sends go on to the slides. */
function wake(slide) {
  for (const frame of slide.querySelectorAll("iframe[data-document]")) {
    frame.addEventListener("load", () => frame.contentDocument.addEventListener("keydown", (event) => {
      if (event.key === "PageDown") Reveal.next();
      else if (event.key === "PageUp") Reveal.prev();
      else return;
      event.preventDefault();
    }));
    frame.srcdoc = frame.dataset.document.replace('data-theme="light"', `data-theme="${document.documentElement.dataset.theme}"`);
    frame.removeAttribute("data-document");
  }
}

/** Each explorer is a slide of its own. */
function alone(slide) {
  for (const frame of slide.querySelectorAll("iframe.live")) {
    const after = next(slide);
    after.classList.add("has-live");
    box(after).append(frame);
  }
  if (contents(box(slide)).every(isHeading) && slide.nextElementSibling?.matches(".has-live")) slide.remove();
}

/** In the notes of each slide: at which minute it should come, if the chapter takes its time. */
function pace(slides, minutes, essentials) {
  slides.forEach((slide, k) => {
    const shown = slide.matches(".stack") || !slide.querySelector(":scope > .bd-article") ? slide.querySelector("section") : slide;
    const notes = shown.querySelector(":scope > aside.notes") || shown.appendChild(Object.assign(document.createElement("aside"), { className: "notes" }));
    const when = `Minute ${Math.round((minutes * k) / slides.length)} of ${minutes}.`;
    notes.prepend(Object.assign(document.createElement("p"),
      { textContent: k ? when : `${minutes} minutes for everything, ${essentials} for the essentials (the page says which parts).` }));
  });
}

/** Dark on light, or light on dark. */
function turn() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  for (const frame of document.querySelectorAll("iframe.live")) {
    if (frame.contentDocument) frame.contentDocument.documentElement.dataset.theme = theme;
  }
}

async function start() {
  const root = document.documentElement;
  root.classList.add("measuring");
  // All of them: what is asked for later would change what was measured.
  await Promise.all([...document.fonts].map((face) => face.load().catch(() => null)));
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  const slides = () => [...document.querySelectorAll(".slides > section")];
  slides().forEach(alone);
  slides().forEach(narrow);
  slides().forEach(split);
  slides().forEach(begin);
  hang(slides().filter((slide) => !slide.dataset.of));
  root.classList.remove("measuring");
  const { minutes, essentials } = document.querySelector(".reveal").dataset;
  pace(slides().filter((slide) => !slide.dataset.of), +minutes, +essentials);
  await Reveal.initialize({
    width: 1280, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t", transition: "none",
    controls: false, totalTime: 60 * minutes, plugins: [RevealNotes],
  });
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, turn);
  Reveal.on("slidechanged", ({ currentSlide }) => wake(currentSlide));
  wake(Reveal.getCurrentSlide());
  root.dataset.ready = "";
}

start();
