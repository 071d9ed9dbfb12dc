// The list of claims shows those that contain the words of its field, and opens the chapters that have some.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("claim-filter");
  if (!field) return;
  const items = [...document.querySelectorAll(".optlearn-claims li")];
  const text = items.map((item) => item.textContent.toLowerCase());
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    items.forEach((item, i) => {
      item.hidden = !words.every((word) => text[i].includes(word));
      shown += item.hidden ? 0 : 1;
    });
    for (const list of document.querySelectorAll(".optlearn-claims ul")) {
      list.hidden = [...list.children].every((item) => item.hidden);
      list.previousElementSibling.hidden = list.hidden;
    }
    for (const section of document.querySelectorAll(".optlearn-claims")) {
      section.hidden = [...section.querySelectorAll("li")].every((item) => item.hidden);
      section.querySelector("details").open = words.length > 0;
    }
    document.getElementById("claim-count").textContent = words.length ? `${shown} of ${items.length}` : "";
  });
});
