"""`python -m CovidQuantLib.cli`: the command line without an installed script."""

import sys

from CovidQuantLib.cli.main import main

sys.exit(main())
