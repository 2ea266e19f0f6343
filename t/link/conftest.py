"""The tests of the link use the helpers of the behaviour tests."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "httpd" / "support"))
