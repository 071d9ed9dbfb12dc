// What is folded is opened for paper, and folded again; figures that wait to come near are fetched.
{
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const image of document.querySelectorAll('img[loading="lazy"]')) image.loading = "eager";
    for (const part of document.querySelectorAll(".bd-article details:not([open], .hide, .optlearn-explorer *)")) {
      part.open = true;
      opened.push(part);
    }
  });
  addEventListener("afterprint", () => opened.splice(0).forEach((part) => (part.open = false)));
}
