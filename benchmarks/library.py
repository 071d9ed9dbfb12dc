"""How long runs, sweeps, large steps and the import take, beside other libraries on the same machine.

    python benchmarks/library.py        writes its section of benchmarks/RESULTS.md

The contenders of a table take turns, round after round, so that what else the machine does meets them all; the
shortest time of each counts. Libraries that are not installed are left out.
"""

import collections.abc
import importlib
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# Before NumPy starts its own.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(CORES)

import numpy as np  # noqa: E402

import optlearn  # noqa: E402
from optlearn.machine import in_threads  # noqa: E402

RESULTS = Path(__file__).parent / "RESULTS.md"
BEGIN, END = "<!-- library: begin -->", "<!-- library: end -->"
PEERS = ("torch", "jax", "optax", "numpy-ml", "numba", "numpy")


def load(name):
    """A module, or None if it is not installed or does not work with these versions."""
    # Where Python 3.9 had it, numpy-ml still looks for it.
    collections.Hashable = collections.abc.Hashable
    try:
        with warnings.catch_warnings(action="ignore"):
            return importlib.import_module(name)
    except Exception as reason:
        print(f"without {name}: {reason}", file=sys.stderr)
        return None


def take_turns(contenders, rounds, least=0.03):
    """Seconds of every call: name to list. A turn is one call, or as many as fit into `least` seconds."""
    times = {name: [] for name in contenders}
    for call in contenders.values():
        call()
    for _ in range(rounds):
        for name, call in contenders.items():
            # The threads of the one before go to sleep.
            time.sleep(0.01)
            end = time.perf_counter() + least
            while True:
                begin = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - begin)
                if time.perf_counter() > end:
                    break
    return times


def table(title, times, unit, scale, peer):
    """Rows of one table; the last column compares with the first of the names in `peer` that was measured."""
    peer = next((name for name in peer if name in times), None)
    rows = [f"### {title}", "", f"| | {unit}, shortest | median | shortest, compared with {peer} |",
            "| --- | ---: | ---: | ---: |"]
    for name, taken in times.items():
        ratio = f"{min(taken) / min(times[peer]):.2f}" if peer else ""
        rows.append(f"| {name} | {min(taken) * scale:.3g} | {statistics.median(taken) * scale:.3g} | {ratio} |")
    return [*rows, ""]


# 1000 Adam steps on Rosenbrock's function, two parameters, gradient included

STEPS, LR, BETA1, BETA2, EPS = 1000, 0.01, 0.9, 0.999, 1e-8
START = (-1.5, 2.0)


def rosenbrock_gradient(x, y):
    """Gradient of Rosenbrock's function, by hand."""
    inner = y - x * x
    return 2 * (x - 1) - 400 * x * inner, 200 * inner


def adam_in_numpy():
    """What one writes without a library."""
    w, m, v = np.array(START), np.zeros(2), np.zeros(2)
    for t in range(1, STEPS + 1):
        g = np.array(rosenbrock_gradient(*w.tolist()))
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        w = w - LR * (m / (1 - BETA1**t)) / (np.sqrt(v / (1 - BETA2**t)) + EPS)
    return w


def adam_in_torch(torch):
    """torch.optim.Adam, the gradient by hand."""
    def call():
        w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        rule = torch.optim.Adam([w], lr=LR)
        for _ in range(STEPS):
            w.grad = torch.tensor(rosenbrock_gradient(*w.tolist()), dtype=torch.float64)
            rule.step()
        return w.detach().numpy()
    return call


def adam_in_optax(jax, optax):
    """All steps as one compiled scan."""
    jnp, rule = jax.numpy, optax.adam(LR)

    @jax.jit
    def steps(w):
        def step(carry, _):
            w, state = carry
            change, state = rule.update(jnp.stack(rosenbrock_gradient(w[0], w[1])), state)
            return (w + change, state), None
        return jax.lax.scan(step, (w, rule.init(w)), None, length=STEPS)[0][0]

    start = jnp.array(START)
    return lambda: np.asarray(steps(start))


def adam_in_numpy_ml(optimizers):
    """numpy_ml's Adam."""
    def call():
        w, rule = np.array(START), optimizers.Adam(lr=LR, decay1=BETA1, decay2=BETA2, eps=EPS)
        for _ in range(STEPS):
            w = rule.update(w, np.array(rosenbrock_gradient(*w.tolist())), "w")
        return w
    return call


def bare_step_of_numpy_ml(optimizers):
    """The same step again and again: no gradient, no loop of a run, nothing recorded."""
    w, g, rule = np.array(START), np.array(rosenbrock_gradient(*START)), optimizers.Adam(lr=LR)

    def call():
        for _ in range(STEPS):
            rule.update(w, g, "w")
    return call


def short_runs(peers):
    """Contenders of the first table."""
    rule = optlearn.Adam(lr=LR)
    contenders = {"NumPy, by hand": adam_in_numpy,
                  "optlearn.run, everything recorded": lambda: optlearn.run("rosenbrock", rule, START, STEPS).w[-1]}
    if peers["numpy_ml.neural_nets.optimizers"]:
        contenders["numpy-ml"] = adam_in_numpy_ml(peers["numpy_ml.neural_nets.optimizers"])
    if peers["torch"]:
        contenders["torch"] = adam_in_torch(peers["torch"])
    if peers["optax"]:
        contenders["optax, one compiled scan"] = adam_in_optax(peers["jax"], peers["optax"])
    if peers["numba"]:
        contenders["optlearn.run(compiled=True), everything recorded"] = lambda: optlearn.run(
            "rosenbrock", rule, START, STEPS, compiled=True).w[-1]
        contenders["optlearn.sweep(compiled=True), the end"] = lambda: optlearn.sweep(
            "rosenbrock", rule, START, STEPS, compiled=True)[:, 0]
    check_ends(contenders)
    if peers["numpy_ml.neural_nets.optimizers"]:
        contenders["numpy-ml, the step alone: no gradient, nothing recorded"] = bare_step_of_numpy_ml(
            peers["numpy_ml.neural_nets.optimizers"])
    return contenders


def calls(peers):
    """Contenders of the table of calls: what a run costs before its first step."""
    rule = optlearn.Adam(lr=LR)
    contenders = {"optlearn.run": lambda: optlearn.run("rosenbrock", rule, START, 0)}
    if peers["numba"]:
        contenders["optlearn.run(compiled=True)"] = lambda: optlearn.run("rosenbrock", rule, START, 0, compiled=True)
    if peers["optax"]:
        contenders["an addition in jax, compiled"] = call_of_jax(peers["jax"])
    return contenders


def call_of_jax(jax):
    """The least that a compiled function of jax can do."""
    add, start = jax.jit(lambda w: w + 1), jax.numpy.array(START)
    return lambda: np.asarray(add(start))


def check_ends(contenders):
    """All contenders have to arrive at the same place."""
    ends = {name: call() for name, call in contenders.items()}
    first = next(iter(ends.values()))
    for name, end in ends.items():
        np.testing.assert_allclose(end, first, rtol=1e-6, err_msg=name)


# One Adam step on ten million float32 parameters

MANY = 10_000_000


def large_steps(peers):
    """Contenders of the second table."""
    rng = np.random.default_rng(0)
    w, g = (rng.standard_normal(MANY, dtype=np.float32) for _ in range(2))
    rule = optlearn.Adam()
    held = {"state": rule.step(w, g, rule.init(w))[1]}

    def by_hand():
        m = BETA1 * held["state"]["m"] + (1 - BETA1) * g
        v = BETA2 * held["state"]["v"] + (1 - BETA2) * g**2
        return w - 1e-3 * (m / (1 - BETA1**2)) / (np.sqrt(v / (1 - BETA2**2)) + EPS), m, v

    spare = np.empty((7, MANY), dtype=np.float32)
    spare[:] = 1

    def traffic():
        # As many bytes as an Adam step has to move: four arrays read, three written.
        np.add(spare[0], spare[1], out=spare[4])
        np.add(spare[2], spare[3], out=spare[5])
        np.copyto(spare[6], spare[5])

    def new_arrays():
        # What any step has to do that gives new arrays: three of them, written by all cores.
        made = [np.empty_like(w) for _ in range(3)]
        in_threads(lambda parts: [np.copyto(new[part], w[part]) for part in parts for new in made], blocks)

    blocks = [slice(k, k + 2**16) for k in range(0, MANY, 2**16)]
    contenders = {"NumPy, by hand": by_hand,
                  "optlearn, Optimizer.step, new arrays": lambda: rule.step(w, g, held["state"])}
    if peers["torch"]:
        torch = peers["torch"]
        torch.set_num_threads(CORES)
        for name, how in (("torch, default", {}), ("torch, fused", {"fused": True})):
            parameter = torch.nn.Parameter(torch.from_numpy(w.copy()))
            parameter.grad = torch.from_numpy(g.copy())
            contenders[name] = torch.optim.Adam([parameter], **how).step
    if peers["numba"]:
        in_place = w.copy()
        stepper = optlearn.Stepper(rule, in_place)
        contenders["optlearn.Stepper, in place"] = lambda: stepper.step(in_place, g, nonfinite="propagate")
        contenders["optlearn.Stepper, gradient looked through for NaN"] = lambda: stepper.step(in_place, g)
    contenders["three new arrays written, nothing computed"] = new_arrays
    contenders["the memory traffic alone, one thread"] = traffic
    return contenders


# 10,000 runs of 200 momentum steps

RUNS, LENGTH = 10_000, 200


def momentum_in_numpy(starts):
    """Broadcasting, coordinates first."""
    def call():
        w, v = starts, np.zeros_like(starts)
        for _ in range(LENGTH):
            v = 0.9 * v + np.stack(rosenbrock_gradient(w[0], w[1]))
            w = w - 1e-4 * v
        return w
    return call


def momentum_in_jax(jax, starts):
    """All steps of all runs as one compiled loop."""
    jnp = jax.numpy

    @jax.jit
    def steps(w):
        def step(_, carry):
            w, v = carry
            v = 0.9 * v + jnp.stack(rosenbrock_gradient(w[0], w[1]))
            return w - 1e-4 * v, v
        return jax.lax.fori_loop(0, LENGTH, step, (w, jnp.zeros_like(w)))[0]

    starts = jnp.array(starts)
    return lambda: np.asarray(steps(starts))


def many_runs(peers):
    """Contenders of the third table."""
    starts = np.random.default_rng(0).uniform(-1, 1, (2, RUNS))
    rule = optlearn.Momentum(lr=1e-4, momentum=0.9)
    contenders = {"NumPy, by hand": momentum_in_numpy(starts),
                  "optlearn.sweep": lambda: optlearn.sweep("rosenbrock", rule, starts, LENGTH)}
    if peers["jax"]:
        contenders["jax, compiled"] = momentum_in_jax(peers["jax"], starts)
    if peers["numba"]:
        contenders["optlearn.sweep(compiled=True)"] = lambda: optlearn.sweep("rosenbrock", rule, starts, LENGTH,
                                                                            compiled=True)
    check_ends(contenders)
    return contenders


def import_times(rounds):
    """Seconds that an import takes in a new process, by name; from compiled files, as an installation has them."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    times = {"numpy": [], "optlearn": []}
    for _ in range(rounds):
        for name, taken in times.items():
            program = f"import time; begin = time.perf_counter(); import {name}; print(time.perf_counter() - begin)"
            said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True,
                                  check=True).stdout
            taken.append(float(said))
    return times


def first_runs(rounds):
    """Seconds of the first compiled runs in a new process, by name."""
    program = """if True:
        import time
        times, begin = [], time.perf_counter()
        def lap():
            global begin
            times.append(time.perf_counter() - begin)
            begin = time.perf_counter()
        import numba; lap()
        import optlearn; lap()
        for rule in (optlearn.Adam(), optlearn.Adam(lr=0.1), optlearn.Momentum()):
            optlearn.run("rosenbrock", rule, steps=100, compiled=True); lap()
        print(*times)"""
    names = ("import numba", "import optlearn", "the first run: Adam", "Adam with another learning rate",
             "the first run of another rule: Momentum")
    times = {name: [] for name in names}
    for _ in range(rounds):
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for name, taken in zip(names, said.split()):
            times[name].append(float(taken))
    return {name: times[name] for name in names if name != "import optlearn"}


def machine():
    """The machine in a line."""
    cpu = platform.processor() or platform.machine()
    memory = ""
    if Path("/proc/cpuinfo").exists():
        found = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name")]
        cpu = found[0] if found else cpu
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {kilobytes / 2**20:.0f} GiB of memory"
    installed = []
    for name in PEERS:
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            installed.append(f"{name} not installed")
    load_average = f" Load of the machine at the start: {os.getloadavg()[0]:.1f}." if hasattr(os, "getloadavg") else ""
    return (f"{time.strftime('%Y-%m-%d')}: {cpu}, {CORES} cores{memory}, {platform.system()}, "
            f"Python {platform.python_version()}; {', '.join(installed)}.{load_average}")


def section():
    """The tables, measured now."""
    described = machine()
    peers = {name: load(name) for name in ("torch", "jax", "optax", "numpy_ml.neural_nets.optimizers", "numba")}
    if peers["jax"]:
        peers["jax"].config.update("jax_enable_x64", True)
    text = [BEGIN, "## Library", "", described, "",
            "The contenders of a table take turns, round after round; the shortest time of each is the least "
            "disturbed one, and what is compared.", ""]
    text += table("1000 Adam steps, 2 parameters, gradient included", take_turns(short_runs(peers), 40),
                  "µs a step", 1e6 / STEPS, ["optax, one compiled scan", "NumPy, by hand"])
    text += table("One Adam step, 10 million float32", take_turns(large_steps(peers), 15), "ms", 1e3,
                  ["torch, fused", "NumPy, by hand"])
    text += table("10,000 runs of 200 momentum steps", take_turns(many_runs(peers), 25), "ms", 1e3,
                  ["jax, compiled", "NumPy, by hand"])
    text += table("A run of no steps: the call alone", take_turns(calls(peers), 25), "µs", 1e6,
                  ["an addition in jax, compiled"])
    if peers["numba"]:
        text += table("First compiled runs of a session, 100 steps", first_runs(5), "ms", 1e3, ["import numba"])
    text += table("Import in a new process", import_times(15), "ms", 1e3, ["numpy"])
    text += [f"Load of the machine at the end: {os.getloadavg()[0]:.1f}.", ""] if hasattr(os, "getloadavg") else []
    return "\n".join([*text[:-1], END])


def write(made):
    """Replace the section in RESULTS.md."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmarks\n"
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN)
        text = before + made + rest.partition(END)[2]
    else:
        text = text.rstrip() + "\n\n" + made + "\n"
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    made = section()
    write(made)
    print(made)
