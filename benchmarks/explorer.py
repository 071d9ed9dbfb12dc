"""How long the explorer takes from an input to the redrawn picture, and how large its module is.

make book && python benchmarks/explorer.py        writes its section of benchmarks/RESULTS.md
"""

import functools
import gzip
import http.server
import math
import os
import platform
import re
import shutil
import statistics
import threading
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from optlearn import AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSProp, explore
from optlearn.explorer import bundle, explorer

RESULTS = Path(__file__).parent / "RESULTS.md"
BEGIN, END = "<!-- explorer: begin -->", "<!-- explorer: end -->"
MOVES = 200
RACERS = [
    GradientDescent(lr=0.001),
    Momentum(lr=0.0005),
    Nesterov(lr=0.0005),
    Adam(lr=0.1),
    RMSProp(lr=0.01),
    AdaGrad(lr=0.3),
    Adam(lr=0.05, bias_correction=False),
    Momentum(lr=0.0002, momentum=0.95),
]

SITE = Path(__file__).parent.parent / "_build" / "html"
CHAPTERS = ("index", "momentum/momentum", "adam_family/adam")

# Real events from outside; a sample is the time from an event to the end of the frame that shows it, layout and paint
# included: a message sent in the frame arrives after its paint.
LISTEN = """() => {
    window.samples = [];
    const { port1, port2 } = new MessageChannel();
    let begun = 0, taken = 0;
    port2.onmessage = () => {
        const now = performance.now();
        samples.push([now - begun, now - taken]);
        begun = 0;
    };
    addEventListener("pointermove", (event) => {
        if (begun) return;
        // A browser hands a move on when a frame begins: until then the event waits.
        [begun, taken] = [event.timeStamp, performance.now()];
        requestAnimationFrame(() => port1.postMessage(0));
    }, true);
}"""
LIVE = """window.apps = [];
addEventListener("optlearn", (event) => {
    apps.push(event.detail);
    // Live when the frame with it is painted.
    requestAnimationFrame(() => setTimeout(() => { window.live ||= performance.now(); }));
});"""
RACE = """(state) => {
    const [app] = apps;
    app.store.set({ ...state, playing: false, speed: 15, step: 40, panel: "" });
}"""
# Twice: parts of the page above get their true heights on the way.
COME = "apps[0].el.scrollIntoView({ behavior: 'instant' })"


def quantile(times, share):
    """The value that a share of the times does not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


@contextmanager
def browser():
    """A headless Chromium."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@contextmanager
def served():
    """The built book, served on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/book/"
        server.shutdown()


def visit(chromium, address, slower):
    """A new reader on a page, with the processor so many times slower; and what was fetched, by address."""
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    fetched = {}
    page.on("response", lambda got: fetched.update({got.url.split("?")[0]: got}))
    page.cdp = page.context.new_cdp_session(page)
    page.cdp.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.add_init_script(LIVE)
    page.goto(address)
    page.wait_for_function("window.live", timeout=120_000)
    return page, fetched


def worked(page):
    """Seconds that the page's main thread has worked, whatever else the machine did meanwhile."""
    metrics = page.cdp.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def drag(page, state):
    """Milliseconds from moves of the dot to the frames that show them, and the main thread's work a move."""
    page.evaluate(RACE, state)
    for _ in range(2):
        page.wait_for_timeout(1000)
        page.evaluate(COME)
    page.wait_for_timeout(500)
    handle = page.locator(".olx-handle").first.bounding_box()
    box = page.locator(".olx-picture").first.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.evaluate(LISTEN)
    before, frames = worked(page), page.evaluate("apps[0].frames")
    for k in range(MOVES):
        x = box["x"] + box["width"] * (0.5 + 0.3 * math.cos(k / 20))
        y = box["y"] + box["height"] * (0.5 + 0.3 * math.sin(k / 13))
        page.mouse.move(x, y)
        page.wait_for_timeout(8)
    page.wait_for_timeout(300)
    drawn = page.evaluate("apps[0].frames") - frames
    work = 1000 * (worked(page) - before) / max(drawn, 1)
    page.mouse.up()
    if drawn < MOVES / 4:
        raise RuntimeError(f"the dot was not dragged: {drawn} frames")
    return page.evaluate("samples")[10:], work


def chapters():
    """For each chapter and slowness: time until its first explorer is live, and the drag."""
    race = explore("rosenbrock", RACERS, start=(-1.5, 2.0), steps=500).state
    state = {key: race[key] for key in ("surface", "params", "start", "steps", "racers", "selected", "focus")}
    rows, sizes, seen = [], [], {}
    with served() as address, browser() as chromium:
        for name in CHAPTERS:
            for slower in (1, 4):
                page, fetched = visit(chromium, f"{address}{name}.html", slower)
                live, work = page.evaluate("live"), worked(page)
                if slower == 1:
                    new = {url: len(gzip.compress(got.body(), 9)) for url, got in list(fetched.items())
                           if url not in seen}
                    sizes.append((name, sum(new.values())))
                    seen |= new
                times, moved = drag(page, state)
                whole, taken = zip(*times, strict=True)
                own = f"{work:.2f} | {moved:.1f}" if slower == 1 else " | "
                rows.append(f"| {name} | {slower}× | {live / 1000:.2f} | {statistics.median(whole):.1f} | "
                            f"{quantile(whole, 0.95):.1f} | {statistics.median(taken):.1f} | "
                            f"{quantile(taken, 0.95):.1f} | {own} |")
                page.close()
        return rows, sizes, chromium.version


def section():
    """The rows, measured now."""
    shared = explorer.common()
    parts = {"module": bundle.core(), "style": bundle.style(), "rules, surfaces and presets": shared}
    sizes = {name: len(gzip.compress(text.encode(), 9)) for name, text in parts.items()}
    sizes["together"] = len(gzip.compress("".join(parts.values()).encode(), 9))
    rows, pages, version = chapters()
    return "\n".join(
        [
            BEGIN,
            "## Explorer",
            "",
            f"Chapters as they are built, 1366 × 768, headless Chromium {version}, software drawing, "
            f"{os.cpu_count()} cores, {platform.machine()}, load average {os.getloadavg()[0]:.1f}. Live: seconds from "
            f"navigation to the first explorer painted. Drag: 8 racers × 500 steps on Rosenbrock, "
            f"{MOVES} moves of the dot, milliseconds from the event "
            "to the end of the frame that shows it, layout and paint included: whole, with the wait for a frame, of "
            "which a screen has one in 16.7 ms; and from the frame's begin, when the browser hands the event on. Work: "
            "seconds of the main thread's own time until live, milliseconds a move, whatever else the machine does.",
            "",
            "| Chapter | Processor slowed | live | whole, median | whole, 95th percentile | from the frame's begin, "
            "median | 95th percentile | work until live | work a move |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "Bytes of a visit before scrolling, gzipped, in this order, without what an earlier page has brought:",
            "",
            "| Page | bytes |",
            "| --- | ---: |",
            *(f"| {name} | {size} |" for name, size in pages),
            "",
            "Size of what a page needs once, gzipped:",
            "",
            "| Part | bytes |",
            "| --- | ---: |",
            *(f"| {name} | {size} |" for name, size in sizes.items()),
            END,
        ]
    )


def main():
    """Measure, and replace the section in RESULTS.md."""
    made = section()
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmarks\n"
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    text = pattern.sub(lambda _: made, text) if pattern.search(text) else text.rstrip() + "\n\n" + made + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
