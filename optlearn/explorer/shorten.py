"""A smaller text of the same JavaScript: no spaces, and short names for variables.

It reads the explorer's own modules, not any JavaScript: names are of one meaning throughout (a variable that is called
like a global is left alone), statements end in semicolons, templates nest at most once.
"""

import itertools
import re
import string
from collections import Counter

# Strings, templates, regular expressions, words and numbers, spaces, and any other sign.
_TOKEN = re.compile(
    r"""
    "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | `(?:\\.|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\$]|\$(?!\{))*`
    | (?<=[=(,:?!&|])\s*/(?![*/=\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[gimsuy]*
    | \.\.\. | \?\. | => | [\w$]+ | [ \t]+ | \n | .""",
    re.VERBOSE,
)
_HOLE = re.compile(r"\$\{((?:[^{}`]|`[^`]*`|\{[^{}]*\})*)\}")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_TOP = re.compile(r"\s*(?:const|let|function|class) ([A-Za-z_$][\w$]*)")
_LETTERS = string.ascii_letters + "$_"

_RESERVED = frozenset(
    """
    arguments async await break case catch class const continue debugger default delete do else
    export extends false finally for function get if import in instanceof let new null of return set
    static super switch this throw true try typeof undefined var void while with yield self window
    document close name event""".split()
)


class Unreadable(Exception):
    """The text has a form that is not read here."""


def without_spaces(text):
    """Spaces and line ends left out where they mean nothing; what stands in strings and expressions stays."""
    tokens = _TOKEN.findall(re.sub(r"/\*\*.*?\*/", "", text, flags=re.DOTALL))
    kept = [""]
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if token == "`":
            raise Unreadable("a template is nested too deeply to be read here")
        before, following = kept[-1][-1:], after[:1]
        if token == "\n":
            if before in "{;,([=+-*/&|?:<>!" or following in ".?:&|+*":
                continue
        elif not token.strip():
            words = re.match(r"[\w$]{2}", before + following)
            if not words and not (before == following and before in "+-") and following != "/":
                continue
            token = " "
        kept.append(token)
    return "".join(kept)


def with_short_names(*texts):
    """Variables renamed; properties, keys and globals keep their names.

    A name of the module is renamed throughout; a word that is a variable within a top-level function is renamed
    throughout that function, so that scopes within it need not be known.

    Returns
    -------
    list of str, dict
        The texts, and the new names of what they define at the top.
    """
    statements = [_statements(text) for text in texts]
    parts = [part for some in statements for part in some]
    text = "".join(texts)
    if any(re.match(r"\s*(?:const|let) [\[{]", part) for part in parts):
        raise Unreadable("a pattern that declares names of the module cannot be read here: declare them one by one")
    places = [_places(part) for part in parts]
    # What code in strings calls by name, for workers, keeps it.
    called = {
        word
        for token in _TOKEN.findall(text)
        if token[0] in "\"'"
        for word in re.findall(r"(?<![\\\w$])(?:\\.)?([\w$]+)\(", token)
    }
    declared = {word for found in places for word, kind, declares in found if declares}
    taken = (
        _RESERVED | called | {word for found in places for word, kind, _ in found if kind != "property"} - declared
    )
    top = [found[1] for part in parts if (found := _TOP.match(part)) and found[1] not in taken]
    uses = Counter(word for found in places for word, kind, _ in found if kind != "property")
    # A variable of a function that has such a name already would hide the module's.
    used = taken | set(uses)
    long_names = ("".join(pair) for pair in itertools.product(_LETTERS, _LETTERS) if "".join(pair) not in used)
    module = dict(zip(sorted(top, key=lambda word: -uses[word]), long_names, strict=False))
    taken |= set(module.values())
    free = declared - taken - set(module)
    out = []
    for part, found in zip(parts, places, strict=True):
        local = Counter(word for word, kind, _ in found if kind != "property" and word in free)
        fresh = ("".join(name) for size in (1, 2) for name in itertools.product(_LETTERS, repeat=size))
        names = dict(
            zip(
                (word for word, _ in local.most_common()), (name for name in fresh if name not in taken), strict=False
            )
        )
        out.append(_rename(part, {**module, **names}, iter(found)))
    out = iter(out)
    return ["".join(itertools.islice(out, len(some))) for some in statements], module


def _statements(text):
    """The top-level statements of a module."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        parts[-1] += token
        if depth == 0 and token in (";", "}", "\n"):
            parts.append("")
    return parts


def _rename(text, names, places):
    out = []
    for token in _TOKEN.findall(text):
        if token[0] == "`":
            token = _HOLE.sub(lambda hole: "${" + _rename(hole[1], names, places) + "}", token)
        elif _WORD.fullmatch(token):
            word, kind, _ = next(places)
            new = names.get(word, word)
            if kind == "shorthand" and new != word:
                token = f"{word}:{new}"
            elif kind == "variable":
                token = new
        out.append(token)
    return "".join(out)


def _places(text):
    """Each word of the code, in order: is it a "variable", "property" or "shorthand", and is it declared there?"""
    tokens = [*(token for token in _TOKEN.findall(text) if token.strip()), ";", ";"]
    closing = _brackets(tokens)
    found = []
    inside = []
    for i, token in enumerate(tokens):
        before, after = tokens[i - 1] if i else ";", tokens[min(i + 1, len(tokens) - 1)]
        if token in "([{":
            inside.append(i)
        elif token in ")]}":
            inside.pop()
        elif token[0] == "`":
            for hole in _HOLE.finditer(token):
                found += _places(hole[1])
        elif _WORD.fullmatch(token):
            home = inside[-1] if inside else -1
            first = tokens[home] == "{" and _is_object(tokens, home) and before in "{," if home >= 0 else False
            if token in _RESERVED:
                kind = "property"
            elif before in (".", "?."):
                kind = "property"
            elif first and after == ":":
                kind = "property"
            elif first and after == "(" and tokens[closing[i + 1] + 1] == "{":
                kind = "property"
            elif (
                first or (before in ("get", "set", "async") and home >= 0 and _is_object(tokens, home))
            ) and after == "(":
                kind = "property"
            elif first and after in ",}=":
                kind = "shorthand"
            else:
                kind = "variable"
            found.append((token, kind, kind != "property" and _declares(tokens, i, inside, closing)))
    return found


def _brackets(tokens):
    closing, stack = {}, []
    for i, token in enumerate(tokens):
        if token in "([{":
            stack.append(i)
        elif token in ")]}":
            closing[stack.pop()] = i
    return closing


def _is_object(tokens, at):
    """Is this brace that of an object or a pattern, not of a block?"""
    before = tokens[at - 1] if at else ";"
    return before in ("=", "(", ",", "[", ":", "?", "return", "const", "let", "...", "|", "&", "of", "default")


def _declares(tokens, i, inside, closing):
    before = tokens[i - 1] if i else ";"
    if before in ("const", "let", "function", "class") or tokens[i + 1 : i + 2] == ["=>"]:
        return True
    # In a pattern, or in the parameters of a function.
    for depth in reversed(inside):
        if tokens[depth - 1] in ("const", "let"):
            return before in "[{,:" or before == "..."
        if tokens[depth] == "(":
            end = closing[depth]
            params = tokens[end + 1] == "=>" or (
                tokens[end + 1] == "{" and tokens[depth - 1] not in ("if", "for", "while", "switch")
            )
            return params and (before in "([{,:" or before == "...")
        if tokens[depth] == "{" and not _is_object(tokens, depth):
            # Another variable of the same statement: let a = 1, b = 2.
            return False
    return False
