"""``python -m kahara_nlp`` is the command line."""

import sys

from kahara_nlp.cli import main

sys.exit(main())
