"""How long the explorer takes from an input to the redrawn picture, and how large its module is.

python benchmarks/explorer.py        writes its section of benchmarks/RESULTS.md
"""

import gzip
import os
import platform
import re
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from optlearn import AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSProp, explore
from optlearn.explorer import bundle, explorer

RESULTS = Path(__file__).parent / "RESULTS.md"
BEGIN, END = "<!-- explorer: begin -->", "<!-- explorer: end -->"
MOVES = 300
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

# The dot is moved once a frame; a sample is the time from the event to the end of the frame's drawing.
MEASURE = """async (moves) => {
    const [app] = apps;
    const picture = app.el.querySelector('.olx-picture');
    const box = picture.getBoundingClientRect();
    const at = (k) => ({ clientX: box.left + box.width * (0.5 + 0.3 * Math.cos(k / 20)),
        clientY: box.top + box.height * (0.5 + 0.3 * Math.sin(k / 13)),
        pointerId: 1, pointerType: 'mouse', button: 0, bubbles: true });
    const handle = app.el.querySelector('.olx-handle');
    picture.setPointerCapture = () => {};
    handle.dispatchEvent(new PointerEvent('pointerdown', at(0)));
    const times = [];
    for (let k = 1; k <= moves; k++) {
        await new Promise(requestAnimationFrame);
        const begin = performance.now();
        picture.dispatchEvent(new PointerEvent('pointermove', at(k)));
        app.store.flush();
        // Reading a pixel waits until the strokes are done.
        app.el.querySelector('.olx-picture canvas').getContext('2d').getImageData(0, 0, 1, 1);
        times.push(performance.now() - begin);
    }
    picture.dispatchEvent(new PointerEvent('pointerup', at(moves)));
    return times.slice(20);
}"""


def quantile(times, share):
    """The value that a share of the times does not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def measure(slower):
    """Milliseconds from input to redraw, with the processor so many times slower."""
    race = explore("rosenbrock", RACERS, start=(-1.5, 2.0), steps=500)
    listen = "<script>window.apps = []; addEventListener('optlearn', (event) => apps.push(event.detail));</script>"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        page_file.write_text(f'<!doctype html><meta charset="utf-8">{listen}{race.html()}', encoding="utf-8")
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        page.goto(page_file.as_uri())
        page.wait_for_function("apps.length")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        times = page.evaluate(MEASURE, MOVES)
        version = browser.version
        browser.close()
    return times, version


def section():
    """The rows, measured now."""
    shared = explorer._json(explorer._shared())
    parts = {"module": bundle.core(), "style": bundle.style(), "rules, surfaces and presets": shared}
    sizes = {name: len(gzip.compress(text.encode(), 9)) for name, text in parts.items()}
    sizes["together"] = len(gzip.compress("".join(parts.values()).encode(), 9))
    rows = []
    for slower in (1, 4):
        times, version = measure(slower)
        rows.append(
            f"| {slower}× | {statistics.median(times):.1f} | {quantile(times, 0.95):.1f} | {max(times):.1f} |"
        )
    return "\n".join(
        [
            BEGIN,
            "## Explorer",
            "",
            f"8 racers × 500 steps on Rosenbrock, {MOVES - 20} moves of the start. Milliseconds from the "
            f"pointer event to the drawn picture, card and loss curves, headless Chromium {version}, software drawing, "
            f"{os.cpu_count()} cores, {platform.machine()}.",
            "",
            "| Processor slowed | median | 95th percentile | most |",
            "| --- | ---: | ---: | ---: |",
            *rows,
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
