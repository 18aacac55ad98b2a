"""``python -m ivrsim``."""

import sys

from ivrsim.cli.main import main

sys.exit(main())
