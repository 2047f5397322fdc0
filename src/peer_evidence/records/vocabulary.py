"""The words of the topic, as the package brings them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peer_evidence.formatting import words
from peer_evidence.records.read import RawTable
from peer_evidence.records.tables import METHOD_WORDS, Column


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """The allowed words, their labels for readers and the groups that analyses take together.

    Words of the method are the same for every review; words of the topic come from
    ``vocabulary.csv``, or from the framework table whose first column has the vocabulary's name.
    """

    topic: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    groups: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def allowed(self, column: Column) -> tuple[str, ...] | None:
        """Give the words a column allows, or None when the package does not limit them."""
        if not column.words:
            return None
        found: list[str] = []
        for name in column.words:
            vocabulary = METHOD_WORDS.get(name, self.topic.get(name))
            if not vocabulary:
                return None
            found += [word for word in vocabulary if word not in found]
        return tuple(found)

    def label(self, vocabulary: str, value: str) -> str:
        """Give a word as readers see it."""
        text = self.labels.get((vocabulary, value), words(value))
        return text[:1].upper() + text[1:]

    def group(self, vocabulary: str, name: str) -> tuple[str, ...]:
        """Give the words of a vocabulary that belong to a named group."""
        return self.groups.get((vocabulary, name), ())


def topic_vocabularies(
    vocabulary: RawTable | None, framework: Mapping[str, RawTable]
) -> Vocabularies:
    """Collect the words of the topic from the files of a package."""
    topic: dict[str, list[str]] = {}
    labels: dict[tuple[str, str], str] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for raw in framework.values():
        for name, cells in list(raw.columns.items())[:1]:
            topic[name] = [word for word in cells if word]
    if vocabulary is not None and {"vocabulary", "value"} <= vocabulary.columns.keys():
        size = len(vocabulary)
        own: dict[str, list[str]] = {}
        texts = [vocabulary.columns.get(name, [""] * size) for name in ("label", "group")]
        for name, value, label, group in zip(
            vocabulary.columns["vocabulary"], vocabulary.columns["value"], *texts, strict=True
        ):
            if value:
                own.setdefault(name, []).append(value)
            if label:
                labels[name, value] = label
            if group:
                groups.setdefault((name, group), []).append(value)
        topic.update(own)
    return Vocabularies(
        {name: tuple(dict.fromkeys(found)) for name, found in topic.items()},
        labels,
        {name: tuple(found) for name, found in groups.items()},
    )
