"""Kernels that begin where chapters begin: forked from a process that has made the imports of a first cell.

A chapter then starts in a tenth of a second instead of two. On Linux; elsewhere kernels start as they always do, since
other systems have no fork or libraries that do not outlive one.

    python book/_ext/kernels.py        forks a kernel for each line that comes in, and answers with its process
"""

import contextlib
import functools
import gc
import io
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

# What every chapter imports, and what its first explorer and figure make once: files of the library that a chapter
# would not open by itself are not among them, as a change of one of them runs all chapters again.
WARM = """
import IPython.core.completerlib, IPython.core.debugger, IPython.core.oinspect, IPython.core.ultratb
import IPython.extensions.storemagic, anywidget, ipykernel.debugger, stack_data
import matplotlib.pyplot, scipy.optimize, scipy.special, sklearn.datasets
import os, optlearn.claims, optlearn.plots
from optlearn.explorer import bundle
optlearn.explore().html(complete=False)
os.environ.get("OPTLEARN_STATIC") or bundle.script()
"""
# What a kernel opened is asked for by executions.py. Who starts another Python is taken to open everything.
WATCH = """
import os, sys
sys._opened = opened = set()
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        opened.add(os.path.abspath(arguments[0]))
    elif event == "os.fork" or event == "subprocess.Popen" and "python" in str(arguments[1]):
        opened.add("processes")
sys.addaudithook(note)
"""


def draw_once(drawn):
    """Have Matplotlib draw a figure once, and read a formula once.

    For its layout and for its size it would be drawn before, and its formulas are read anew for each figure. The
    pictures are the same, byte for byte; where they are not even `drawn`, all are one empty picture.
    """
    import matplotlib
    from matplotlib.backends import backend_agg
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from PIL import Image

    canvas_of, usual = backend_agg.FigureCanvasAgg, backend_agg.FigureCanvasAgg.print_figure

    def print_figure(canvas, *given, bbox_inches=None, **how):
        figure = canvas.figure
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)
            with matplotlib.rc_context({"figure.constrained_layout.use": False}):
                figure.set_layout_engine(None)
        if bbox_inches == "tight":
            bbox_inches = figure.get_tightbbox().padded(matplotlib.rcParams["savefig.pad_inches"]) if drawn else None
        try:
            return usual(canvas, *given, bbox_inches=bbox_inches, **how)
        finally:
            if engine is not None:
                figure.set_layout_engine(engine)

    canvas_of.print_figure = print_figure
    backend_agg.MathTextParser = functools.cache(backend_agg.MathTextParser)
    if not drawn:
        ConstrainedLayoutEngine.execute = lambda engine, figure: None
        empty = io.BytesIO()
        Image.new("L", (1, 1)).save(empty, "png")
        canvas_of.print_png = lambda canvas, file, **how: file.write(empty.getvalue())


class Kernel:
    """A kernel's process, with what `jupyter_client` asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        """None while it runs; how it ended is not known here."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    wait = poll

    def send_signal(self, number):
        """Send it a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Server:
    """The process that kernels are forked from, which starts with the first of them, or before."""

    def __init__(self):
        self.process = None

    def start(self):
        """Start it, where there is one: it takes seconds, in which others can do what they have to."""
        if self.process is None and sys.platform == "linux":
            self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True)

    def fork(self, *what):
        """Ask for a kernel."""
        self.start()
        print(json.dumps(what), file=self.process.stdin, flush=True)
        return Kernel(int(self.process.stdout.readline()))

    def close(self):
        """End it; what it was asked for is no longer needed."""
        if self.process is not None:
            self.process.communicate()


class Provisioner(LocalProvisioner):
    """Starts a kernel for `jupyter_client` by a fork in place of a new process."""

    server = None

    async def launch_kernel(self, cmd, **settings):
        """Fork."""
        self.cwd = settings.get("cwd") or os.getcwd()
        arguments = cmd[cmd.index("ipykernel_launcher") + 1:]
        try:
            self.process = self.server.fork(arguments, str(self.cwd), dict(settings["env"]))
        except (OSError, ValueError):
            # The process that kernels are forked from has ended.
            return await super().launch_kernel(cmd, **settings)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@contextlib.contextmanager
def forked(server=None):
    """Within this, kernels are forked, by a server that may have started."""
    factory = KernelProvisionerFactory.instance()
    outer = factory.default_provisioner_name, Provisioner.server
    if sys.platform == "linux":
        factory.provisioners["forked"] = EntryPoint("forked", f"{__name__}:Provisioner", factory.GROUP_NAME)
        factory.default_provisioner_name = "forked"
    try:
        with contextlib.closing(server or Server()) as Provisioner.server:
            yield
    finally:
        factory.default_provisioner_name, Provisioner.server = outer


def become(arguments, folder, variables):
    """Turn this process into a kernel, as ``python -m ipykernel_launcher`` does."""
    from ipykernel import kernelapp

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys._opened.discard("processes")
    # It ends with the process that it was forked from.
    kernelapp.launch_new_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


def bury(*_):
    """Take leave of kernels that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve():
    """Fork kernels until nobody asks any more."""
    # The folder of this file is not a kernel's.
    sys.path[:] = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]
    exec(WATCH, {})
    # As a kernel sets it, which is read with Matplotlib; the backend itself joins the kernel when it is imported.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # What fails here fails again in the first cell, which says it.
    with contextlib.suppress(Exception):
        # Pictures are on pages alone, whose build tells what cannot be drawn: who compares notebooks looks at none.
        draw_once("OPTLEARN_STATIC" in os.environ)
        exec(WARM, {})
    import ipykernel.kernelapp  # noqa: F401
    # Memory stays shared where nothing is changed.
    gc.freeze()
    signal.signal(signal.SIGCHLD, bury)
    # Who is interrupted closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
        else:
            become(*json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    serve()
