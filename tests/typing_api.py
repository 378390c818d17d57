"""User code that must pass mypy --strict: the types are part of the public face."""

import pandas as pd

import kahara_nlp as kn


def use() -> None:
    """Touch every public verb."""
    result: kn.Classification = kn.classify("お世話になります。")
    probability: float = result.harassment
    by_category: float = result.probabilities["sexual"]
    for finding in result.findings:
        row: kn.Category = finding.category
        clause: kn.Clause | None = finding.clause
        words: list[str] = [term.text for term in finding.evidence.terms]

    classifier: kn.Classifier = kn.load(policy=kn.default_policy())
    results: list[kn.Classification] = classifier.classify_many(["一つ", "二つ"])
    frame: pd.DataFrame = classifier.classify_frame(pd.DataFrame({"text": ["一つ"]}))
    examples: list[kn.Example] = kn.read_examples("tests/data/small.csv")
    trained: kn.Classifier = kn.train(examples, settings=kn.Settings(folds=2))
    evaluation: kn.Evaluation = kn.evaluate(trained, examples, cross_validate=False)
    figure: float = evaluation.overall["auroc"].value
