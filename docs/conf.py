"""Sphinx configuration: pages are MyST Markdown, notebooks run at each build."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(ROOT)]
# Notebooks run in processes of their own, which must find the checkout too.
os.environ["PYTHONPATH"] = str(ROOT)

project = "funcgrad"
author = "funcgrad contributors"
metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
release = version = metadata["project"]["version"]
html_title = f"funcgrad {release}"

extensions = [
    "myst_nb",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "api_reference",
    "numpy_coverage",
    "performance_pages",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints", "below_the_bars.md"]
source_suffix = {".md": "myst-nb", ".rst": "restructuredtext"}
default_role = "literal"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Code on these pages is executed, and what it prints is what stands below it.
nb_execution_mode = os.environ.get("FUNCGRAD_DOCS_EXECUTE", "force")
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["funcgrad.css"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
