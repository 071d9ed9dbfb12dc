"""Which of a reader's lines something happened in."""

import linecache
import os
import sys
import textwrap

import numpy as np

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_RULES = _OURS + "rules" + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


def _theirs(code):
    name = code.co_filename
    return name.startswith(_RULES) or not name.startswith((_OURS, _NUMPY, "<frozen", "<__array_function__"))


def _words(code, number):
    text = textwrap.shorten(linecache.getline(code.co_filename, number).strip(), 90, placeholder=" ...")
    return f" (line {number} of {code.co_name}: {text})" if text else f" (line {number} of {code.co_name})"


def line_of(error):
    """The last line of the reader's that an error came through, as " (line 5 of update: if g > 0:)"; or nothing."""
    found, step = "", error.__traceback__
    while step is not None:
        if _theirs(step.tb_frame.f_code):
            found = _words(step.tb_frame.f_code, step.tb_lineno)
        step = step.tb_next
    return found


def current_line():
    """The line of the reader's that is being executed, in the same words."""
    frame = sys._getframe(1)
    while frame is not None and not _theirs(frame.f_code):
        frame = frame.f_back
    return _words(frame.f_code, frame.f_lineno) if frame is not None else ""
