"""The built book, a server for it and a browser to look at it."""

import contextlib
import functools
import http.server
import os
import shutil
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tools"))

from pages import BROWSERS  # noqa: E402

# Scripts that checkers of types read, and nobody runs.
collect_ignore = ["typing"]
SITE = ROOT / "_build" / "html"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             # Nothing but this machine can be reached.
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


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

    def do_GET(self):
        # The host's own, for pages that name none.
        if self.path == "/favicon.ico":
            self.send_response(204)
            return self.end_headers()
        return super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def serve():
    """A function that serves a built book on this machine, and gives its address."""
    with contextlib.ExitStack() as servers:
        def address(folder):
            if not (SITE / "index.html").exists():
                unavailable("the book is not built", "make book")
            handler = functools.partial(Quiet, directory=folder)
            server = servers.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}{Quiet.UNDER}"

        yield address


@pytest.fixture(scope="session")
def site(serve):
    """Address of the built book."""
    return serve(SITE)


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


SIZE = {"width": 1280, "height": 720}


class Tab:
    """A page of the browser, and the list that its problems are written to."""

    def __init__(self, browser, settings):
        self.page = page = browser.new_context(**settings).new_page()
        self.home, self.problems = (), []
        page.on("console", lambda said: said.type == "error" and self.problems.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self.look)
        page.on("requestfailed", lambda request: self.problems.append(f"failed: {request.url} {request.failure}"))
        page.on("response", lambda got: got.status >= 400 and self.problems.append(f"{got.status}: {got.url}"))

    def look(self, request):
        if urlsplit(request.url)[:2] != self.home and not request.url.startswith(("data:", "blob:", "about:")):
            self.problems.append(f"request to another host: {request.url}")

    def open(self, address):
        self.home, self.problems = urlsplit(address)[:2], []
        self.page.goto(address, wait_until="load")
        # Formulas are set after the page has loaded, and change its size.
        self.page.evaluate("window.MathJax && MathJax.startup && MathJax.startup.promise")
        return self.page, self.problems

    def leave(self):
        self.page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }")
        self.page.goto("about:blank")
        # The page that is left would be styled anew for it.
        self.page.mouse.move(-1, -1)


@pytest.fixture(scope="session")
def tabs():
    """Tabs that no test uses, by their settings: to open a new one takes longer than most tests."""
    return {}


@pytest.fixture
def visit(browser, tabs):
    """A function that opens an address and returns the page and a list that its problems are written to.

    Problems are requests to another host (which are refused), failed requests and errors in the console.
    Keywords go to Playwright's ``new_context``: ``color_scheme``, ``has_touch``, ... The next test gets the page
    without what was stored and where the mouse was; a test that leaves anything else with it closes it.
    """
    used = []

    def open_page(address, viewport=SIZE, **settings):
        idle = tabs.setdefault(tuple(sorted(settings.items())), [])
        tab = idle.pop() if idle else Tab(browser, settings)
        used.append((idle, tab))
        tab.page.set_viewport_size(viewport)
        return tab.open(address)

    yield open_page
    for idle, tab in used:
        if tab.page.is_closed():
            tab.page.context.close()
        else:
            tab.leave()
            idle.append(tab)
