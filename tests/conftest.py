"""The built book, a server for it and a browser to look at it."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
# Scripts that checkers of types read, and nobody runs.
collect_ignore = ["typing"]
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def unavailable(what, remedy):
    """Skip for want of something; CI is expected to have it."""
    message = f"{what}: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files under a path, as hosts of many projects do, nothing above it, and says nothing."""

    UNDER = "/someone/optlearn/"

    def translate_path(self, path):
        inside = path.removeprefix(self.UNDER)
        return super().translate_path(f"/{inside}" if inside != path else "/nothing-is-here")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def site():
    """Address of the built book, served on this machine."""
    if not (SITE / "index.html").exists():
        unavailable("the book is not built", "make book")
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{Quiet.UNDER}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    from playwright.sync_api import Error, sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            # Where none is on the path, Playwright knows where Windows and macOS keep Chrome.
            where = {"executable_path": path} if path else {"channel": "chrome"}
            chromium = playwright.chromium.launch(args=ARGUMENTS, **where)
        except Error:
            if path:
                raise
            unavailable("no Chromium is installed", "sudo apt-get install chromium (or your system's package)")
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """A function that opens an address and returns the page and a list that its problems are written to.

    Problems are requests to another host (which are refused), failed requests and errors in the console.
    Keywords go to Playwright's ``new_context``: ``viewport``, ``color_scheme``, ``has_touch``, ...
    """
    contexts = []

    def open_page(address, **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        home, problems = urlsplit(address)[:2], []

        def guard(route):
            if urlsplit(route.request.url)[:2] == home or route.request.url.startswith(("data:", "blob:")):
                route.continue_()
            else:
                problems.append(f"request to another host: {route.request.url}")
                route.abort()

        context.route("**/*", guard)
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and problems.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("requestfailed", lambda request: problems.append(f"failed: {request.url} {request.failure}"))
        page.on("response", lambda got: got.status >= 400 and problems.append(f"{got.status}: {got.url}"))
        page.goto(address, wait_until="load")
        # Formulas are set after the page has loaded, and change its size.
        page.evaluate("window.MathJax && MathJax.startup && MathJax.startup.promise")
        return page, problems

    yield open_page
    for context in contexts:
        context.close()
