"""Libraries that parts of optlearn stand on and an installation may lack."""

import importlib


def load(name, what, package=None):
    """A module, or a clear sentence that says how to get it.

    Parameters
    ----------
    name : str
        The module, such as ``"matplotlib.pyplot"``.
    what : str
        What needs it, in the plural.
    package : str, optional
        The name under which pip knows it, if that is another.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.

    Examples
    --------
    >>> load("nowhere.inside", "castles")
    Traceback (most recent call last):
    ModuleNotFoundError: castles need nowhere; get it with: pip install nowhere
    """
    top = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name not in (top, name):
            raise
        package = package or top
        raise ModuleNotFoundError(f"{what} need {package}; get it with: pip install {package}", name=top) from None


def data_frame(columns):
    """Columns as a ``pandas.DataFrame``."""
    return load("pandas", "data frames").DataFrame(columns)
