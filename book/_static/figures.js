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
// What is out of sight has an estimated height; before a jump within the page all of it is laid out.
{
  const whole = () => document.documentElement.classList.add("optlearn-whole");
  const target = () => {
    const explorer = location.hash.match(/explorer-(\d+)=/);
    return explorer ? document.querySelectorAll(".optlearn-explorer")[explorer[1] - 1]
      : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  };
  addEventListener("DOMContentLoaded", () => target() && whole());
  // At once: while a smooth scroll is on its way, what comes to life above moves its end. Until the reader does something, again.
  let still = true;
  const land = () => still && target()?.scrollIntoView({ behavior: "instant" });
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(kind, () => (still = false), { passive: true });
  addEventListener("load", () => setTimeout(land));
  addEventListener("optlearn", () => requestAnimationFrame(land));
  addEventListener("click", (event) => event.target.closest?.('a[href*="#"]') && whole(), true);
}
