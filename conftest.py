"""Imports the package before pytest collects its modules one by one.

Collected by path, a module would be made a second time, and its primitives with it.
"""

import funcgrad  # noqa: F401
