// The panel for taking things along: a link, Python code, a picture, a drawing, a table.

import { button, make } from "../view/controls.js";
import { fragmentWith, linkText } from "../model/link.js";
import { drawingOf, filmOf, gifOf, imageOf, magnified, pythonOf, tableOf } from "./export.js";

/** @type {import("./panels.js").Panel} */
export const sharePanel = {
  id: "share",
  create(app, parent) {
    const link = make("input", { class: "olx-field olx-wide", readonly: true, "aria-label": "Link to this state", onfocus: () => link.select() });
    const code = make("textarea", { class: "olx-code", readonly: true, rows: 8, spellcheck: "false", "aria-label": "Python code" });
    const said = make("span", { class: "olx-note" });
    const copy = (what, read) => button(`Copy ${what}`, `Copy ${what}`, async () => {
      try {
        await navigator.clipboard.writeText(read().value);
        said.textContent = "Copied.";
      } catch {
        read().select();
        said.textContent = "Selected: copy it with your keyboard.";
      }
      app.say(said.textContent);
    });
    /** @param {string} name @param {Blob} blob */
    const save = (name, blob) => {
      const a = make("a", { href: URL.createObjectURL(blob), download: name });
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    };
    const name = (kind) => `optlearn-${app.surface.key}.${kind}`;
    const links = make("div", { class: "olx-row" }, link, copy("link", () => link));
    links.hidden = !app.home;
    parent.append(links, code, make("div", { class: "olx-row" },
      copy("Python", () => code),
      button("PNG", "Save the picture as PNG, at twice the resolution of the screen",
        () => magnified(app, 2, () => imageOf(app).toBlob((blob) => blob && save(name("png"), blob)))),
      button("Video", "Save the race up to the step shown as a video", async () => {
        said.textContent = "Recording.";
        const blob = await filmOf(app);
        if (blob) save(name(blob.type.split("/")[1]), blob);
        said.textContent = blob ? "Saved." : "This browser records no video.";
        app.say(said.textContent);
      }),
      button("GIF", "Save an animated picture of the race up to the step shown", async () => {
        said.textContent = "Drawing.";
        save(name("gif"), await gifOf(app));
        said.textContent = "Saved.";
        app.say(said.textContent);
      }),
      button("SVG", "Save the picture as SVG", () => save(name("svg"), new Blob([drawingOf(app)], { type: "image/svg+xml" }))),
      button("CSV", "Save all runs as CSV", () => save(name("csv"), new Blob([tableOf(app)], { type: "text/csv" }))), said));
    return {
      update() {
        if (app.home) {
          link.value = location.href.split("#")[0] + fragmentWith(app.home.key, linkText(app.store.snapshot(), app.home.first));
        }
        const text = pythonOf(app);
        if (code.value !== text) code.value = text;
      },
      close() {},
    };
  },
};
