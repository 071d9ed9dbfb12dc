"""The colours of the book: the explorer's page and the figures take them from here."""

# Light and dark: ink and paper, the land of the surfaces from low to high, the parts of a step, and the racers, whom
# colour-blind readers tell apart; each has a dash pattern and a marker of its own as well.
LIGHT = {
    "ink": "#1c2430", "muted": "#5b6675", "faint": "#8a94a3", "line": "#dde2e8", "paper": "#ffffff",
    "soft": "#f4f6f8", "high": "#f6f5ec", "contour": "#5d7890", "land-a": "#a9cbe0", "land-b": "#c3dbe3",
    "land-c": "#d9e7e3", "land-d": "#ecefe3", "land-e": "#f8f4e6", "gradient": "#b8127a", "memory": "#00777f",
    "step": "#1c2430", "accent": "#0b63b0", "r0": "#0067b1", "r1": "#c8500a", "r2": "#00795a", "r3": "#9c3f83",
    "r4": "#8f6a00", "r5": "#2b88b8", "r6": "#3a3f47", "r7": "#8c2f2f",
}
DARK = {
    "ink": "#e8ebef", "muted": "#a3adba", "faint": "#7a8594", "line": "#363d47", "paper": "#121212",
    "soft": "#1e232a", "high": "#1d2126", "contour": "#86a3bd", "land-a": "#1d5273", "land-b": "#1b435c",
    "land-c": "#1b3547", "land-d": "#1c2a35", "land-e": "#1e2227", "gradient": "#ff79c6", "memory": "#4fd1d9",
    "step": "#f2f4f7", "accent": "#6cb6ff", "r0": "#5cb3ff", "r1": "#ff9a57", "r2": "#3ecfa4", "r3": "#e79bd0",
    "r4": "#e8bb3a", "r5": "#9fd8f5", "r6": "#d5dae1", "r7": "#ff8f8f",
}
RACERS = tuple(LIGHT[f"r{i}"] for i in range(8))
LAND = tuple(LIGHT[f"land-{k}"] for k in "abcde")
