"""Every reader that is fuzzed, by name."""

from __future__ import annotations

from fuzz import frame_targets, import_targets, text_targets, workbook_targets
from fuzz.cases import Target

TARGETS: dict[str, Target] = {
    one.name: one
    for one in (
        *text_targets.TARGETS,
        *workbook_targets.TARGETS,
        *frame_targets.TARGETS,
        *import_targets.TARGETS,
    )
}
