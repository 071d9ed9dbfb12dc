// On a phone a figure of several panels scrolls by itself; as wide as the text its labels could not be read.
addEventListener("load", () => {
  for (const image of document.querySelectorAll(".cell_output img")) {
    if (+image.getAttribute("width") < 1.9 * +image.getAttribute("height")) continue;
    image.classList.add("optlearn-wide");
    const box = image.closest("figure");
    // Within reach of the keyboard, in every browser.
    if (box && box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
});
// What is out of sight has an estimated height; before a jump within the page all of it is laid out. What is folded opens
// when the jump is to a part of it: above it in the page, or below the line of an entry of the library.
{
  const whole = () => document.documentElement.classList.add("optlearn-whole");
  const target = () => {
    const explorer = location.hash.match(/explorer-(\d+)=/);
    return explorer ? document.querySelectorAll(".optlearn-explorer")[explorer[1] - 1]
      : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  };
  const open = () => {
    const there = target();
    if (!there) return null;
    whole();
    for (let part = there.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    if (there.matches("dt")) there.parentElement.querySelectorAll(":scope > dd > details").forEach((part) => (part.open = true));
    return there;
  };
  addEventListener("DOMContentLoaded", open);
  // At once: while a smooth scroll is on its way, what comes to life above moves its end. Until the reader does something, again.
  let still = true;
  const land = () => still && target()?.scrollIntoView({ behavior: "instant" });
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(kind, () => (still = false), { passive: true });
  addEventListener("load", () => setTimeout(land));
  addEventListener("optlearn", () => requestAnimationFrame(land));
  addEventListener("hashchange", () => open()?.scrollIntoView());
  addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href*="#"]');
    if (!link) return;
    whole();
    // A second click on the same link changes no address.
    if (link.hash && link.hash === location.hash) open();
  }, true);
}
