"""How the site is built: from pages, docstrings and examples, without the internet."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "src")]

from figure_scraper import scrape  # noqa: E402

from peer_evidence import __version__  # noqa: E402

project = "peer_evidence"
author = "The peer_evidence authors"
version = release = __version__
project_copyright = author
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "pages",
    "docstrings",
    "links",
    "reach",
]
exclude_patterns = ["_ext", "_templates", "gallery", "**/README.md", "sg_execution_times.rst"]
nitpicky = True
suppress_warnings = ["config.cache"]

# Markdown: what a code host shows as well
myst_heading_anchors = 4
myst_links_external_new_tab = False

# docstrings: types are said in words, so that signatures stay short
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = True
add_module_names = False
toc_object_entries_show_parents = "hide"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "_gallery",
    "filename_pattern": ".*",
    "subsection_order": [
        "gallery/forest",
        "gallery/heterogeneity",
        "gallery/small_study_effects",
        "gallery/without_meta_analysis",
        "gallery/appraisal",
        "gallery/records",
        "*",
    ],
    "within_subsection_order": "FileNameSortKey",
    "ignore_pattern": r"__init__\.py",
    "abort_on_example_error": True,
    "run_stale_examples": True,
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"matplotlib\.|builtins\.|collections\.|pathlib\.",
    "image_scrapers": (scrape,),
    "reset_modules": ("matplotlib",),
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 10_000,
    "write_computation_times": False,
    "remove_config_comments": True,
    "plot_gallery": "True",
    "doc_module": ("peer_evidence",),
    "backreferences_dir": None,
}

html_theme = "furo"
html_title = "peer_evidence"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["local.js"]
html_last_updated_fmt = None
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = True
_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
_MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
html_theme_options = {
    "light_css_variables": {
        "font-stack": _FONTS,
        "font-stack--headings": _FONTS,
        "font-stack--monospace": _MONO,
        "color-brand-primary": "#0072b2",
        "color-brand-content": "#0072b2",
        "color-brand-visited": "#5b4a8a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6bb8e6",
        "color-brand-content": "#6bb8e6",
        "color-brand-visited": "#b9a5e8",
    },
}
