"""Reports: the numbers and pictures of a case as files that a person or a program reads."""

import logging

_OF_ITS_FOLDER = (
    "mkdir -p failed for path",
    "%s is not a writable directory",
    "Matplotlib created a temporary cache directory",
    "Could not save font_manager cache",
)


def _tells_no_folder(record: logging.LogRecord) -> bool:
    """Whether a record of matplotlib is not about its own folder: there it names the user's home, and nothing is lost.

    Without that folder matplotlib takes a temporary one, and looks for the fonts at each start.
    """
    return not str(record.msg).startswith(_OF_ITS_FOLDER)


for _name in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_name).addFilter(_tells_no_folder)
