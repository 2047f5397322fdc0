"""How sure the pools are: dependence, small-study effects, choices, what would overturn them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from markupsafe import Markup

from peer_evidence.effects.scales import Scale, scale_of
from peer_evidence.formatting import count, number
from peer_evidence.report.blocks import Block, Bullets, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.pool_words import turned
from peer_evidence.report.sureness import ENOUGH_TO_SPLIT, ENOUGH_TO_TEST

if TYPE_CHECKING:
    from peer_evidence.sensitivity.overturned import Fragility

_FRAGILE = "pe.fragility(pools[key], data=pools.studies(key))"
_CHOICES = "pe.multiverse(pools.studies(key), choices={...})"
_WHERE = "tables/sureness.csv"


def section(context: Context) -> Section | None:
    """Say what would overturn each pool; None where there is no pool."""
    pools, sure = context.analyses.pools, context.analyses.sure
    if not len(pools):
        return None
    held = [one for one in sure.fragile.values() if one.significant]
    people = [one.trial_n for one in held if one.trial_n is not None]
    answer = _answer(context, len(held), people)
    blocks: list[Block] = [
        Heading("What would overturn a pool, and what its choices do"),
        _overturned(context),
        Paragraph(
            "Of several studies whose removal would do, the one that turns it most is named. A new "
            "trial is one without any effect, as informative for its size as the median study of "
            "the pool. A pool of two studies has none to spare, so that removing one leaves "
            "nothing to pool. The choices are four random-effects estimators with normal and with "
            "ad hoc Hartung-Knapp intervals.",
            small=True,
        ),
        Heading("Several results of one study"),
        *_dependence(context),
        Heading("Small-study effects and publication bias"),
        *_tests(context),
        Heading("All subsets of the studies"),
        *_subsets(context),
    ]
    return Section("sure", "How sure the pools are", answer, blocks)


def _answer(context: Context, held: int, people: list[float]) -> Markup:
    pools = context.analyses.pools

    def show(value: object, what: str, how: str = _FRAGILE) -> Markup:
        return context.numbers.show(value, what, how, _WHERE)

    text = Markup("Of {} {} {} {} a normal interval that excludes no effect.").format(
        show(len(pools), "pools", "pe.pools(ev)"),
        "pool" if len(pools) == 1 else "pools",
        show(held, "pools whose normal interval excludes 0"),
        "has" if held == 1 else "have",
    )
    if len(people) == 1:
        text += Markup(" One new trial without any effect would undo that with {} people.").format(
            show(number(people[0], 0), "people of such a trial")
        )
    elif people:
        text += Markup(
            " One new trial without any effect would undo that with {} to {} people (median {})."
        ).format(
            show(number(min(people), 0), "fewest people of such a trial"),
            show(number(max(people), 0), "most people of such a trial"),
            show(number(statistics.median(people), 0), "median of people of such a trial"),
        )
    most = max(pools[key].k for key in pools.keys)
    if most < ENOUGH_TO_TEST:
        text += Markup(
            " No pool has the {} studies from which a test for publication bias means anything."
        ).format(ENOUGH_TO_TEST)
    return text


def _overturned(context: Context) -> Grid:
    pools, sure = context.analyses.pools, context.analyses.sure
    rows: list[list[Html]] = []
    for key, title in zip(pools.keys, pools.titles, strict=True):
        fragile, choices = sure.fragile[key], sure.choices[key]

        def show(value: str, what: str, how: str, title: str = title) -> Markup:
            return context.numbers.show(value, f"{title}: {what}", how, _WHERE)

        scale = scale_of(fragile.measure)
        effect = f"{scale.value(fragile.estimate)} "
        effect += f"({scale.interval(fragile.ci_low, fragile.ci_high)})"
        excluding = int(((choices.ci_low > 0) | (choices.ci_high < 0)).sum())
        share = f"{excluding} of {len(choices.estimate)}"
        reach = scale.interval(float(choices.estimate.min()), float(choices.estimate.max()))
        rows.append(
            [
                title,
                show(str(fragile.k), "studies", "pe.pools(ev)"),
                show(effect, "pooled effect", "pe.pools(ev)"),
                _removal(fragile.significance_k, fragile.significance_studies, fragile.significant),
                show(number(fragile.trial_n, 0), "people of one null trial", _FRAGILE)
                if fragile.trial_n is not None
                else _no_people(fragile, scale),
                show(reach, "estimates over the choices", _CHOICES),
                show(share, "choices whose interval excludes 0", _CHOICES),
            ]
        )
    header = ["pool", "studies", f"{pools.measure} (95%)", "removal that turns it"]
    header += ["null trial, people", "over choices", f"excluding {scale_of(pools.measure).null}"]
    right = frozenset({1, 2, 4, 5, 6})
    caption = "What would turn the normal interval of each pool, and what other choices give"
    if side := turned(pools, context.intervention):
        caption += f". {side[0].upper()}{side[1:]}"
    return Grid(caption, header, rows, right=right, stacked=True)


def _no_people(fragile: Fragility, scale: Scale) -> str:
    """Say why no people of a null trial are given."""
    if not fragile.significant:
        return f"includes {scale.null} already"
    return "none found" if fragile.trial_variance is None else "people not recorded"


def _removal(size: int | None, studies: tuple[str, ...], significant: bool) -> str:
    if size is None:
        return "none with two studies left" if significant else "–"
    return ", ".join(studies)


def _dependence(context: Context) -> list[Block]:
    pools, found = context.analyses.pools, context.analyses.sure.dependent
    twice = int(pools.rows["left_out_reason"].str.startswith("another result").sum())
    first = (
        "No study gives a pool more than one result."
        if not twice
        else f"{count(twice, 'further result')} of studies that are in a pool already "
        f"{'is' if twice == 1 else 'are'} left out: a pool takes the last measured."
    )
    blocks: list[Block] = [Paragraph(first)]
    if not found:
        return blocks
    items: list[Html] = []
    for domain, one in found.items():
        line = one.headline()
        if bool(one.table["few_df"].any()):
            line += (
                " Robust intervals have fewer than 4 degrees of freedom and are not to be trusted."
            )
        items.append(f"{context.ev.vocabularies.label('domain', domain)}: {line}")
    told = (
        "Over all times of measurement a study may give a domain several results. Pooled under "
        "the usual assumptions on how these depend on one another:"
    )
    return [*blocks, Paragraph(told), Bullets(items)]


def _tests(context: Context) -> list[Block]:
    pools, tests = context.analyses.pools, context.analyses.sure.tests
    most = max(pools[key].k for key in pools.keys)
    if not tests:
        return [
            Paragraph(
                f"The largest pool has {count(most, 'study', 'studies')}; below {ENOUGH_TO_TEST} "
                "these tests cannot tell bias from chance, so none was made. That is no sign of "
                "its absence: the records are what could be found in print."
            )
        ]
    items = [
        f"{title}: {' '.join(tests[key])}"
        for key, title in zip(pools.keys, pools.titles, strict=True)
        if key in tests
    ]
    caption = "Contour funnel plot of the largest pool."
    return [Bullets(items), *context.drawing("funnel", caption)]


def _subsets(context: Context) -> list[Block]:
    drawn = context.drawing("gosh", "The pooled effect and I² of every subset of its studies.")
    if drawn:
        return list(drawn)
    return [
        Paragraph(
            f"All subsets of a pool (GOSH) show more than leaving one study out from "
            f"{ENOUGH_TO_SPLIT} studies on; no pool has so many."
        )
    ]
