"""Draw the site's icon and the picture that links to it show elsewhere: python tools/card.py

Both show three optimizers on a surface, as the library runs them; they are made once in a while, by hand.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import optlearn
from optlearn import Adam, Momentum, Nesterov, plots

STATIC = Path(__file__).parent.parent / "book" / "_static"
RACERS = [Momentum(lr=0.01), Nesterov(lr=0.01), Adam(lr=0.1)]


def race(plane, width, racers=RACERS):
    """Draw the race of the book's first page."""
    surface = optlearn.surfaces.get("himmelblau")
    x, y = np.meshgrid(np.linspace(-6, 6, 400), np.linspace(-6, 6, 400))
    plane.contourf(x, y, np.log1p(surface(np.array([x, y]))), 14, cmap=plots.SHADES)
    for rule, colour in zip(racers, plots.COLOURS):
        run = optlearn.run(surface, rule, start=(0.2, -3.2), steps=150)
        plane.plot(*run.w.T, color=colour, linewidth=width, solid_capstyle="round")
        plane.plot(*run.w[-1], "o", color=colour, markersize=2.4 * width)
    plane.axis("off")


def card():
    """1200 x 630 pixels, as most places want it."""
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    plane = figure.add_axes((0.5, 0, 0.5, 1))
    race(plane, 5)
    plane.set(xlim=(-5, 5.2), ylim=(-5.4, 5.3))
    figure.text(0.05, 0.6, "optlearn", fontsize=58, fontweight="bold", color="#14171c")
    figure.text(0.05, 0.36, "Gradient-based optimization:\none update rule makes the numbers,\n"
                            "the equation and the animation", fontsize=19, linespacing=1.5, color="#3a4048")
    figure.savefig(STATIC / "card.png")
    plt.close(figure)
    image = Image.open(STATIC / "card.png").convert("RGB")
    image.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(STATIC / "card.png", optimize=True)


def icon():
    """Two of the race in 16, 32 and 48 pixels."""
    figure = plt.figure(figsize=(2.56, 2.56), dpi=100)
    plane = figure.add_axes((0, 0, 1, 1))
    race(plane, 9, RACERS[1:])
    plane.set(xlim=(-2.2, 4.6), ylim=(-4.2, 2.6))
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    plt.close(figure)
    image.save(STATIC / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])


if __name__ == "__main__":
    card()
    icon()
