"""Write where the repository and the site are, into every file that says so.

    python tools/address.py https://github.com/me/optlearn [https://me.github.io/optlearn/]

The second address is where the built book is served; GitHub Pages' own is assumed. Run without any, it takes them out.
"""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
FILES = ("_config.yml", "pyproject.toml", "CITATION.cff", "SECURITY.md", "README.md")
# Where nobody else reads along, by the repository's host.
PRIVATE = {"github": "/security/advisories/new", "gitlab": "/-/issues/new?issue[confidential]=true"}
REPORT = re.compile(r"(?<=\n\n)Please report.*?(?=\n\n)", re.S)
IN_WORDS = """\
Please report what you find privately, and not in a public issue: on GitHub under *Security, Report a vulnerability* of
the repository, on GitLab as a confidential issue. Where the host has neither, ask in an issue, without saying what you
found, for an address."""


def pages(repository):
    """Where GitHub Pages serves a repository."""
    owner, name = urlsplit(repository).path.strip("/").split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def table(repository, site):
    """The table of pyproject.toml."""
    rows = {"Homepage": site, "Repository": repository, "Issues": f"{repository}/issues",
            "Changelog": f"{repository}/blob/main/CHANGELOG.md"} if repository else {}
    return "[project.urls]\n" + "".join(f'{name} = "{address}"\n' for name, address in rows.items())


def report(repository):
    """How to report privately, as a paragraph."""
    form = next((path for host, path in PRIVATE.items() if host in urlsplit(repository).netloc), "")
    known = f"Please report what you find privately, and not in a public issue:\n<{repository}{form}>."
    return known if form else IN_WORDS


def written(texts, repository, site):
    """The files, given and returned as texts by name, with these addresses."""
    config, project, citation, security, readme = (texts[name] for name in FILES)
    config = re.sub(r'^(repository:\n  url: )".*"', rf'\1"{repository}"', config, count=1, flags=re.M)
    config = re.sub(r'^(  baseurl: )".*"', rf'\1"{site}"', config, count=1, flags=re.M)
    project = re.sub(r'^\[project\.urls\]\n(?:\w+ = ".*"\n)*', lambda _: table(repository, site), project, count=1,
                     flags=re.M)
    citation = re.sub(r"^(?:url|repository-code): .*\n", "", citation, flags=re.M)
    if repository:
        citation = citation.rstrip("\n") + f'\nurl: "{site}"\nrepository-code: "{repository}"\n'
    security = REPORT.sub(lambda _: report(repository), security, count=1)
    clone = f"git clone {repository} optlearn && cd optlearn\n" if repository else ""
    readme = re.sub(r"^(?:git clone .*\n)?(?=python3 -m venv )", lambda _: clone, readme, count=1, flags=re.M)
    return dict(zip(FILES, (config, project, citation, security, readme), strict=True))


def main(addresses):
    """Read, change and write the files."""
    repository, site = [address.removesuffix(".git") for address in [*addresses, "", ""][:2]]
    if repository and not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", repository):
        raise SystemExit(f'REPOSITORY has to be such as "https://github.com/me/optlearn"; "{repository}" is not')
    site = site or (pages(repository) if repository else "")
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
    for name, text in written(texts, repository, site).items():
        (ROOT / name).write_text(text, encoding="utf-8")
    print(f"repository: {repository or 'none'}\nsite: {site or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1:])
