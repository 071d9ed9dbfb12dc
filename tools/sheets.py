"""Exercise sheets of the chapters: PDF and notebook, without and with solutions, into ``_build/sheets``.

    python tools/sheets.py              # all
    python tools/sheets.py nesterov     # those whose path has the word

PDFs are printed by an installed Chromium from the built page's own exercises. In notebooks, references are written out
and lead to the page's numbers, and what the exercises use of the chapter stands at the top. What asks to implement
something is followed by its check: the cell of the solution with the tag "check". A notebook without solutions is an
assignment for nbgrader as it stands, with a point for each star.
"""

import ast
import copy
import html
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pages import Chapter, browser, chapters
from slices import behind, makes, needs, statements

SHEETS = Path("_build", "sheets")
STYLE = """@page { size: A4; margin: 20mm 18mm }
html { font-size: 15px } body { background: #fff; margin: 0 }
.bd-article { padding: 0 !important; font-size: 15px }
.bd-article h1 { font-size: 26px; margin: 0 0 1em }
.exercise, .solution { break-inside: auto; box-shadow: none !important }
.admonition-title { break-after: avoid; padding-left: 12px !important }
.admonition-title::before, .admonition-title::after { content: none !important }
button { display: none !important } .tip { display: none }
.cell_output img { max-width: 100%; max-height: 90mm } pre { font-size: 11px !important }
.cell_input, .highlight, .cell_output { break-inside: avoid }"""
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{title}</title>{styles}<style>{style}</style></head>
<body><main class="bd-content"><article class="bd-article"><h1>{title}</h1>{body}</article></main></body>
</html>"""
ROLE = re.compile(r"\{[\w:.-]+\}`[^`]*`")
MARK = re.compile(r"```\{(exercise|solution)-(start|end)\} ?([^\n]*)\n((?::\w+:[^\n]*\n)*)```\n?")
HINT = re.compile(r"```\{admonition\} Hint\n(?::\w+:[^\n]*\n)*(.*?)```", re.S)


def sheet(chapter, solutions):
    """The page of a sheet."""
    parts = []
    for block in chapter.soup.select("article div.exercise, article div.solution"):
        if "solution" in block["class"] and not solutions:
            continue
        block = copy.copy(block)
        for section in block.select("section"):
            section.name = "div"
        for part in [block, *block.select(".dropdown")]:
            part["class"] = [name for name in part["class"] if name != "dropdown"]
        for code in block.select("details"):
            code["open"] = ""
        for image in block.select("img"):
            image.attrs.pop("loading", None)
        for explorer in block.select(".optlearn-explorer"):
            explorer.decompose()
        # A sheet is handed out without the pages that its references lead to.
        for link in block.select("a:not(.external)"):
            link.unwrap()
        parts.append(str(block))
    title = f"{chapter.title.get_text().strip()}: exercises{' and solutions' if solutions else ''}"
    return PAGE.format(title=html.escape(title), styles=chapter.styles, style=STYLE, body="".join(parts))


def written_out(chapter, label, text):
    """The text of an exercise with each role as the words that the page has in its place."""
    block = chapter.soup.find(id=label)
    words = [link.get_text() for link in block.select("a.reference, span.xref")] if block else []
    roles = ROLE.findall(text)
    if len(words) != len(roles):
        raise SystemExit(f"{chapter.source}: {label} has {len(roles)} references, its page {len(words)}")
    words = iter(words)
    return ROLE.sub(lambda role: next(words), text)


def imports(chapter):
    """The import statements of a chapter."""
    return "\n".join(dict.fromkeys(ast.unparse(node) for node, _ in statements(chapter.cells)
                                   if isinstance(node, ast.Import | ast.ImportFrom)))


def setting(chapter, solutions):
    """What a chapter made before its exercises, and they use: those that ask to implement something, or all solved."""
    inside, names = [], set()
    for exercise in exercises(chapter):
        _, _, _, task, _, code = exercise
        inside += task + code
        names |= needs(statements(task + code if solutions or check(exercise) else task))
    made = behind(names, statements([cell for cell in chapter.cells if cell not in inside]))
    return "\n".join(made).replace("../studies/", "studies/")


def is_check(cell):
    """Whether a cell says if an answer is right."""
    return "check" in cell["metadata"].get("tags", ())


def check(exercise):
    """What says whether the answer to an exercise is right; nothing, if somebody has to read it."""
    return next(("".join(cell["source"]) for cell in exercise[-1] if is_check(cell)), "")


def asked_for(exercise):
    """What an answer has to define for the check, such as ``["class Mine(optlearn.Optimizer)", "points(median)"]``."""
    names = needs(statements(cell for cell in exercise[-1] if is_check(cell)))
    found = []
    for node, _ in statements(cell for cell in exercise[-1] if not is_check(cell)):
        if isinstance(node, ast.ClassDef) and node.name in names:
            found.append(f"class {node.name}({', '.join(map(ast.unparse, node.bases))})")
        elif isinstance(node, ast.FunctionDef) and node.name in names:
            required = node.args.args[:len(node.args.args) - len(node.args.defaults)]
            found.append(f"{node.name}({', '.join(argument.arg for argument in required)})")
        elif isinstance(node, ast.Assign):
            found += sorted(makes(node)[0] & names)
    return list(dict.fromkeys(found))


def exercises(chapter):
    """Each exercise of a chapter: label, title, its text and code cells, those of its solution."""
    found, inside = {}, None
    for cell in chapter.cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            if inside:
                inside[1].append(cell)
            continue
        # Between marks stands text, each mark followed by its four groups.
        before, *pieces = MARK.split(text)
        for kind, end, name, options, after in [(None,) * 4 + (before,), *zip(*[iter(pieces)] * 5)]:
            if kind == "exercise" and end == "start":
                inside = ([], [])
                found[re.search(r":label: (\S+)", options)[1]] = (name, inside, ([], []))
            elif kind == "solution" and end == "start":
                inside = found[name][2]
            elif end == "end":
                # A hint may stand below its exercise.
                hint = HINT.match(after.strip()) if kind == "exercise" else None
                if hint:
                    inside[0].append(ROLE.sub("(see the page)", hint[0]))
                inside = None
            if inside and after.strip():
                inside[0].append(after.strip())
    return [(label, title, "\n\n".join(task[0]), task[1], "\n\n".join(answer[0]), answer[1])
            for label, (title, task, answer) in found.items()]


def graded(cell, label, stars, kind):
    """A cell that nbgrader knows: an answer, the check of one, or an answer that is read by somebody."""
    cell.metadata["nbgrader"] = {
        "schema_version": 3, "grade_id": label, "task": False, "solution": kind != "check", "locked": kind == "check",
        "grade": kind != "answer", **({} if kind == "answer" else {"points": stars})}
    if kind == "check":
        cell.metadata["nbgrader"]["cell_type"] = "code"
    return cell


def notebook(chapter, solutions):
    """The notebook of a sheet."""
    name = chapter.title.get_text().strip()
    cells = [new_markdown_cell(f"# {name}: exercises"), new_code_cell(imports(chapter))]
    if given := setting(chapter, solutions):
        cells.append(new_code_cell(f"# From the chapter, for what is asked below.\n{given}"))
    for number, exercise in enumerate(exercises(chapter), 1):
        label, title, task, given, answer, code = exercise
        words = HINT.sub(lambda hint: f"<details><summary>Hint</summary>\n\n{hint[1]}\n</details>",
                         written_out(chapter, label, task))
        cells.append(new_markdown_cell(f"### {number}. {title}\n\n{words.strip()}"))
        cells += [nbformat.from_dict(copy.deepcopy(cell)) for cell in given]
        stars = title.count("★")
        if solutions:
            cells.append(new_markdown_cell(f"**Solution.** {ROLE.sub('(see the page)', answer)}"))
            cells += [nbformat.from_dict(copy.deepcopy(cell)) for cell in code]
        elif check(exercise):
            wanted = "".join(f"# Write here: {line}\n" for line in asked_for(exercise))
            cells += [graded(new_code_cell(wanted), label, stars, "answer"),
                      graded(new_code_cell(check(exercise)), f"{label}-check", stars, "check")]
        else:
            measured = code and title.startswith(("Check", "Explore"))
            cell = new_code_cell("") if measured else new_markdown_cell("*Your answer*")
            cells.append(graded(cell, label, stars, "read"))
    made = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    # Numbered by their place, so that a sheet that is made again is the same file.
    for place, cell in enumerate(made.cells):
        cell["id"] = f"cell-{place}"
    nbformat.validate(made)
    return made


def main(names):
    """Write the sheets and say where they are."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    shutil.copytree("book/studies", SHEETS / "studies", ignore=shutil.ignore_patterns("__*"), dirs_exist_ok=True)
    with browser() as chromium:
        page = chromium.new_page()
        for chapter in map(Chapter, chapters(names)):
            for solutions, ending in ((False, ""), (True, "-solutions")):
                out = SHEETS / f"{chapter.source.stem}{ending}"
                source = chapter.path.with_name(f"{chapter.path.stem}-sheet.html")
                source.write_text(sheet(chapter, solutions), encoding="utf-8")
                page.goto(source.resolve().as_uri(), wait_until="load")
                page.pdf(path=f"{out}.pdf", prefer_css_page_size=True, print_background=True)
                source.unlink()
                nbformat.write(notebook(chapter, solutions), f"{out}.ipynb")
                print(f"{out}.pdf", f"{out}.ipynb")


if __name__ == "__main__":
    main(sys.argv[1:])
