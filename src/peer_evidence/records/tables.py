"""The tables of a review: the one definition of every column.

The reader, the validator, ``datapackage.json`` and the codebook all come from here. Words that
belong to a topic (its domains, kinds of intervention, ...) are not here: a column names the
vocabulary that the package brings in ``vocabulary.csv`` or in a framework table.
"""

from __future__ import annotations

from peer_evidence.records.columns import Column as Column
from peer_evidence.records.columns import Table as Table
from peer_evidence.records.words import METHOD_WORDS as METHOD_WORDS


def _text(name: str, description: str = "", *, required: bool = False) -> Column:
    return Column(name, "text", required, description=description)


def _words(name: str, *words: str, required: bool = True, description: str = "") -> Column:
    return Column(name, "category", required, words=words, description=description)


def _count(name: str, unit: str = "people", description: str = "", minimum: int = 0) -> Column:
    return Column(name, "integer", unit=unit, minimum=minimum, description=description)


def _number(
    name: str, unit: str = "", description: str = "", *, required: bool = False, **bounds: float
) -> Column:
    low, high = bounds.get("minimum"), bounds.get("maximum")
    return Column(
        name, "number", required, unit, minimum=low, maximum=high, description=description
    )


def _refers(name: str, to: str, description: str = "", *, required: bool = True) -> Column:
    return Column(name, "key", required, references=to, description=description)


def _key(name: str, description: str = "lower_snake_case handle") -> Column:
    return Column(name, "key", required=True, description=description)


_YEAR = Column(
    "year", "integer", unit="year", minimum=1500, maximum=2200, description="year of publication"
)
_PMID = Column("pmid", "integer", minimum=1, description="PubMed number")
_SOURCE = _text(
    "source",
    "DOI, pmid:number or web address of the text the row rests on",
    required=True,
)
_LOCATOR = _text("locator", "where in that text")
_CONFIDENCE = _words(
    "confidence",
    "confidence",
    description="primary: the study or review itself; review: a review about it; "
    "secondary: any other account",
)
_NOTE = _text("note")
_DOMAIN = _words("domain", "domain", description="outcome domain")


def _sd(name: str) -> Column:
    return Column(name, "number", unit="scale", positive=True, description="standard deviation")


STUDIES = Table(
    "studies",
    "a primary study",
    ("study_id",),
    (
        _key("study_id"),
        _text("label", "short display name", required=True),
        _text("authors", "surnames and initials"),
        _YEAR,
        _text("title"),
        _text("journal"),
        _text("doi"),
        _PMID,
        _text("country"),
        _words("design", "design", description="study design"),
        _words("level", "level", description="unit the study speaks about"),
        _text("population", "who was studied", required=True),
        _words("problem_type", "problem_type", description="the problem of those studied"),
        _text("intervention", "what was done", required=True),
        _words("initiative_type", "initiative_type", description="kind of intervention"),
        _words(
            "relationship",
            "relationship",
            required=False,
            description="level on the package's continuum of relationships, where it has one",
        ),
        _text("comparator", "what it was compared with", required=True),
        _words("comparator_type", "comparator_type", description="kind of comparator"),
        _count("n_total", description="all arms"),
        _count("n_intervention", description="intervention arm"),
        _count("n_comparison", description="the comparison arm named in comparator"),
        _number("follow_up_months", "months", "longest follow-up", minimum=0),
        _SOURCE,
        _LOCATOR,
        _CONFIDENCE,
        _text("coding_note", "merges, conflicts, reasons for a code"),
    ),
    required=True,
)

OUTCOMES = Table(
    "outcomes",
    "a result: study x outcome x timepoint x contrast",
    ("outcome_id",),
    (
        _key("outcome_id", "study_id, a dot, a slug"),
        _refers("study_id", "studies.study_id", "study"),
        _DOMAIN,
        _text("measure", "instrument or event", required=True),
        _number("timepoint_months", "months", "from baseline; empty when not stated", minimum=0),
        _text("contrast", "arms compared, in words", required=True),
        _words(
            "contrast_type",
            "contrast_type",
            description="what the contrast compares; tallies and sign tests use "
            "intervention_vs_comparison unless told otherwise",
        ),
        _words(
            "better_is", "better_is", required=False, description="empty when neither is better"
        ),
        _words("reported_conclusion", "conclusion", description="what the source concludes"),
        _words(
            "effect_direction",
            "direction",
            description="sign of the point estimate, whatever its significance",
        ),
        _words("effect_measure", "effect_measure", required=False),
        _number("estimate", "as effect_measure"),
        _number("ci_low"),
        _number("ci_high"),
        _number("p_value", minimum=0, maximum=1),
        _words("p_relation", "p_relation", required=False),
        _words("p_tails", "p_tails", required=False),
        _count("events_intervention"),
        _count("n_intervention", minimum=1),
        _count("events_comparison"),
        _count("n_comparison", minimum=1),
        _number("mean_intervention", "scale"),
        _sd("sd_intervention"),
        _number("mean_comparison", "scale"),
        _sd("sd_comparison"),
        _words("adjusted", "yes_no", required=False),
        _words(
            "poolable",
            "yes_no",
            description="yes: numbers give an effect size and the row is the preferred one",
        ),
        _text("poolable_note", "why not, or which choice was made"),
        _SOURCE,
        _LOCATOR,
        _CONFIDENCE,
        _NOTE,
    ),
    required=True,
)

REVIEWS = Table(
    "reviews",
    "a review of studies, or another text that is quoted",
    ("review_id",),
    (
        _key("review_id"),
        _text("label", required=True),
        _text("authors"),
        _YEAR,
        _text("title"),
        _text("journal"),
        _text("doi"),
        _PMID,
        _text("question", "own words", required=True),
        _count("k_studies", "studies"),
        _count("k_randomised", "studies"),
        _count("n_participants"),
        Column("search_to", "date", description="year, month or day"),
        _SOURCE,
        _LOCATOR,
        _CONFIDENCE,
        _NOTE,
    ),
)

INCLUSIONS = Table(
    "inclusions",
    "a study in a review",
    ("review_id", "study_id"),
    (
        _refers("review_id", "reviews.review_id", "review"),
        _refers("study_id", "studies.study_id", "study"),
        _words("role", "role", description="how the review counts it"),
        _words(
            "status",
            "status",
            description="confirmed: seen in the review; candidate: fits but not seen; "
            "rejected: shown to be out",
        ),
        _SOURCE,
        _LOCATOR,
        _CONFIDENCE,
        _NOTE,
    ),
)

REVIEW_FINDINGS = Table(
    "review_findings",
    "a checkable statement of or about a review",
    ("finding_id",),
    (
        _key("finding_id"),
        _refers("review_id", "reviews.review_id", "review the statement is about"),
        _words(
            "scope",
            *("any_scope", "domain", "problem_type", "initiative_type"),
            description="all, a problem type, a kind of intervention or an outcome domain",
        ),
        _words("quantity", "quantity", description="what value counts"),
        _text("value", "number or short code"),
        _text("statement", "own words", required=True),
        _refers("reported_in", "reviews.review_id", "text that says so"),
        _SOURCE,
        _LOCATOR,
        _CONFIDENCE,
    ),
)

POOLED_RESULTS = Table(
    "pooled_results",
    "a published pooled estimate",
    ("pooled_id",),
    (
        _key("pooled_id", "review_id, a dot, a running number"),
        _refers("review_id", "reviews.review_id", "review"),
        _DOMAIN,
        _text("outcome", required=True),
        _words("effect_measure", "effect_measure", description="measure"),
        _words(
            "sign_convention",
            "sign_convention",
            description="which sign or side of 1 favours the intervention",
        ),
        _words("model", "model", required=False, description="as stated"),
        _count("k", "studies", minimum=1),
        _count("n_total"),
        _number("estimate", required=True),
        _number("ci_low", description="95 per cent", required=True),
        _number("ci_high", description="95 per cent", required=True),
        _number("p_value", minimum=0, maximum=1),
        _words("p_relation", "p_relation", required=False),
        _number("q", description="Cochran Q", minimum=0),
        _count("q_df", ""),
        _number("i2", "per cent", minimum=0, maximum=100),
        _number("tau2", minimum=0),
        _number("z"),
        Column("study_ids", "list", references="studies.study_id", description="separated by ;"),
        _refers(
            "duplicate_of",
            "pooled_results.pooled_id",
            "same pool printed by another review",
            required=False,
        ),
        _SOURCE,
        _LOCATOR,
        _NOTE,
    ),
)

RISK_OF_BIAS = Table(
    "risk_of_bias",
    "a judgement on a study",
    ("study_id", "tool", "domain"),
    (
        _refers("study_id", "studies.study_id", "study"),
        _words("tool", "rob_tool", description="see peer_evidence.risk_of_bias_tool"),
        _text("domain", "domain of the tool, or overall", required=True),
        _words("judgement", "judgement", description="as judged by the review named in source"),
        _SOURCE,
        _LOCATOR,
    ),
)

CERTAINTY = Table(
    "certainty",
    "a GRADE rating",
    ("review_id", "outcome"),
    (
        _refers("review_id", "reviews.review_id", "review"),
        _text("outcome", required=True),
        _DOMAIN,
        _words("certainty", "certainty", description="GRADE"),
        _text("reasons"),
        _SOURCE,
        _LOCATOR,
    ),
)

FLOW = Table(
    "flow",
    "a box of the PRISMA 2020 flow diagram, or a database, register or reason within one",
    (),
    (
        _words("box", "flow_box", description="name of the box"),
        _count("n", "records, reports or studies", "empty when not known"),
        _text("label", "name of the database or register, reason, or other words for the box"),
        _text("link", "web address that the box leads to"),
        _NOTE,
    ),
)

VOCABULARY = Table(
    "vocabulary",
    "a word of the topic",
    ("vocabulary", "value"),
    (
        _key("vocabulary", "the vocabulary the word belongs to"),
        _key("value", "the word, as cells hold it"),
        _text("label", "the word, as readers see it", required=True),
        _text("group", "words that an analysis takes together, such as hospital_use"),
        _text("description"),
    ),
)

CLAIMS = Table(
    "claims",
    "a way to check a statement against the records",
    ("finding_id",),
    (
        _refers("finding_id", "review_findings.finding_id", "the statement that is checked"),
        _words("check", "check", description="name of the check, see peer_evidence.claims"),
        _text(
            "arguments", "what the check needs, as name=value pairs separated by ; and values by |"
        ),
        _text("note", "why this check answers the statement, or why none can"),
    ),
)

SECTIONS = Table(
    "sections",
    "a framework table as the report shows it",
    ("table",),
    (
        _key("table", "name of a file in framework/"),
        _words("section", "section", description="the part of the report it stands in"),
        _text("heading", required=True),
        _text("lede", "opening sentence; {rows} stands for the number of rows"),
    ),
)

PACKAGE = Table(
    "package",
    "a fact about the review as a whole",
    ("field",),
    (
        _words("field", "package_field", description="name of the fact"),
        _text("value", required=True),
    ),
)

CODEBOOK = Table(
    "codebook",
    "a column of a table",
    ("table", "column"),
    (
        _key("table", "a table, or framework/ and the name of a framework table"),
        _key("column"),
        _words("type", "kind"),
        _text("unit"),
        _text("allowed", "words separated by |, or the table.column that is referred to"),
        _words("required", "yes_no"),
        _text("description"),
    ),
)

TABLES: tuple[Table, ...] = (
    STUDIES,
    OUTCOMES,
    REVIEWS,
    INCLUSIONS,
    REVIEW_FINDINGS,
    POOLED_RESULTS,
    RISK_OF_BIAS,
    CERTAINTY,
    FLOW,
    VOCABULARY,
    CLAIMS,
    SECTIONS,
    PACKAGE,
    CODEBOOK,
)
