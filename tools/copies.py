"""Copies of the chapters for JupyterLab, in ``lab``: what a reader runs and writes there changes no file of the book.

    python tools/copies.py

JupyterLab with jupyterlab-myst shows theorems, exercises and references inside a chapter. What it cannot know is
written out here: citations, references to other chapters, captions, the questions at the end; code that the pages fold
is folded. A copy that was changed is left as it is.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

from pybtex.database import parse_file

sys.path.insert(0, str(Path("book", "_ext")))
import quiz  # noqa: E402

LAB = Path("lab")
KNOWN = LAB / ".copies.json"
ROLE = re.compile(r"\{(doc|cite:p|cite:t|prf:ref|eq|numref|py:func)\}`([^`]*)`")
LABEL = re.compile(r"\{prf:(\w+)\} ?([^\n]*)\n:label: (\S+)|^\(([\w-]+)\)=$|\$\$ ?\(([\w-]+)\)|^:label: (\S+)", re.M)


class Book:
    """What one chapter may say of another."""

    def __init__(self):
        """Read titles, labels and the bibliography."""
        self.sources = sorted(path for path in Path("book").rglob("*.ipynb") if ".ipynb_" not in str(path))
        self.cells = {path: json.loads(path.read_text(encoding="utf-8")) for path in self.sources}
        self.titles, self.labels = {}, {}
        for path in [*self.sources, *Path("book").rglob("*.md")]:
            text = (path.read_text(encoding="utf-8") if path.suffix == ".md" else
                    "\n".join("".join(cell["source"]) for cell in self.cells[path]["cells"]))
            title = re.search(r"^# (.+)$", text, re.M)
            self.titles[path.with_suffix("")] = title[1] if title else path.stem
            for kind, name, *labels in LABEL.findall(text):
                self.labels[next(filter(None, labels))] = path, f"{kind.capitalize()} ({name})" if name else ""
        self.works = parse_file(Path("book", "references.bib"), encoding="utf-8").entries

    def written_out(self, path, text):
        """A text of a chapter without the roles that JupyterLab would show as they stand."""
        text = re.sub(r"\[([^\]]*)\]\(explorer:[^)]*\)", r"**\1**", text)
        text = re.sub(r"```\{(?:needs|genealogy)\}.*?```", "*(A drawing, on the page.)*", text, flags=re.S)
        return ROLE.sub(lambda role: self._words(path, role[1], role[2]) or role[0], text)

    def _words(self, path, kind, target):
        words, _, explicit = target.rpartition("<")
        words, target = words.strip(), explicit.rstrip(">") if words else target
        if kind == "doc":
            page = Path(os.path.normpath(path.parent / target))
            # A page that is not there is the build's to report.
            words = words or self.titles.get(page, page.name)
            return f"[{words}]({target}.ipynb)" if page.with_suffix(".ipynb") in self.sources else f"*{words}*"
        if kind.startswith("cite"):
            cited = [self._work(key.strip(), kind == "cite:t") for key in target.split(",")]
            return ", ".join(cited) if kind == "cite:t" else f"({'; '.join(cited)})"
        home, name = self.labels.get(target, (path, ""))
        if kind == "py:func":
            return f"`{target}`"
        if home == path and kind != "numref":
            return None
        title = self.titles[home.with_suffix("")]
        return f"{name or 'equation'} of *{title}*" if home != path else "the figure"

    def _work(self, key, inside):
        work = self.works[key]
        names = [" ".join(map(str, [*person.prelast_names, *person.last_names])) for person in work.persons["author"]]
        names = [re.sub(r"[{}]", "", name) for name in names]
        who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        year = work.fields["year"]
        return f"{who} ({year})" if inside else f"{who}, {year}"

    def copy(self, path):
        """The notebook as it is opened."""
        notebook = json.loads(json.dumps(self.cells[path]))
        cells, solution = [], False
        for cell in notebook["cells"]:
            text = "".join(cell["source"])
            cells.append(cell)
            if cell["cell_type"] == "markdown":
                last = [*re.finditer(r"\{solution-(start|end)\}", text)]
                solution = last[-1][1] == "start" if last else solution
                cell["source"] = self.written_out(path, text)
                continue
            if solution or "hide-input" in cell["metadata"].get("tags", ()):
                cell["metadata"]["jupyter"] = {"source_hidden": True} | ({"outputs_hidden": True} if solution else {})
            caption = cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption")
            if caption:
                cells.append(_markdown(f"{cell['id']}-caption", f"*Figure.* {self.written_out(path, caption)}"))
        if quiz.beside(path).exists():
            cells.append(_markdown("quiz", self.written_out(path, self._questions(path))))
        notebook["cells"] = cells
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    def _questions(self, path):
        lines = [quiz.HEADING]
        for number, (question, answers) in enumerate(quiz.read(quiz.beside(path).read_text(encoding="utf-8")), 1):
            lines.append(f"**{number}. {question}**")
            lines += [f":::{{admonition}} {answer}\n:class: dropdown\n**{'Right.' if right else 'No.'}** {reason}\n:::"
                      for right, answer, reason in answers]
        return "\n\n".join(lines)


def _markdown(name, text):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def main():
    """Make the copies that are missing or were made of an older chapter, and say which were kept."""
    book, known = Book(), json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    for source in book.sources:
        target, text = LAB / source.relative_to("book"), book.copy(source)
        mark = hashlib.sha256(text.encode()).hexdigest()
        if target.exists():
            if known.get(str(target)) == mark:
                continue
            if hashlib.sha256(target.read_bytes()).hexdigest() != known.get(str(target)):
                print(f"{target} has your changes and stays; {source} is newer. To have it, move yours away.")
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        known[str(target)] = mark
    shutil.copytree(Path("book", "studies"), LAB / "studies", dirs_exist_ok=True)
    KNOWN.write_text(json.dumps(known, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
