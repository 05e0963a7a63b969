"""`python -m CovidQuantLib.cli`: the command line without an installed script."""

import os
import sys

# Slicer's launcher points ITK to a reader of Slicer's own scene, which complains in every other process. It sets this
# for every Python that it starts, so that only the process itself can take it back, before anything loads ITK.
os.environ["ITK_AUTOLOAD_PATH"] = ""

from CovidQuantLib.cli.main import main

sys.exit(main())
