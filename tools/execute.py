"""Run notebooks and write them back in a form that changes only where the book changes.

    python tools/execute.py [NOTEBOOK ...]        default: all of book/
"""

import base64
import io
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

BOOK = Path(__file__).parent.parent / "book"
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}


def light(png):
    """A figure with a palette, a quarter of the size; images are not compared, so nothing is lost."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    image.quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def run(path):
    """Run one notebook from a fresh kernel; it is written only if no cell fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, coalesce_streams=True,
                            record_timing=False, store_widget_state=False,
                            resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # The view is an identifier, new in every run and of no use without the kernel that made it.
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "image/png" in data:
                data["image/png"] = light(data["image/png"])
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def main(names):
    """Run the named notebooks, or all."""
    for path in map(Path, names or sorted(map(str, BOOK.rglob("[!.]*.ipynb")))):
        begin = time.perf_counter()
        run(path)
        print(f"{path}: {time.perf_counter() - begin:.1f} s, {path.stat().st_size / 1024:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
