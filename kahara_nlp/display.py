"""Results as lines for a person and as records for a program."""

import re
from collections.abc import Iterator, Mapping

from kahara_nlp.records import Classification
from kahara_nlp.results import Results

__all__ = ["as_lines", "as_record", "message_lines", "report_lines"]


def _one_line(passage: str) -> str:
    """Undo the wrapping of mail lines: between Japanese characters a line break stands for nothing."""
    return " ".join(re.sub(r"(?<=[^\x00-\x7f])\s*\n\s*(?=[^\x00-\x7f])", "", passage).split())


def as_record(result: Classification) -> dict[str, object]:
    """Return a classification as plain JSON values.

    Parameters
    ----------
    result : Classification
        What the model said.

    Returns
    -------
    dict
        NaN is None.
    """
    scored = result.status == "scored"
    return {
        "status": result.status,
        "level": result.level,
        "harassment": round(result.harassment, 4) if scored else None,
        "probabilities": {k: round(v, 4) if scored else None for k, v in result.probabilities.items()},
        "findings": [
            {
                "number": f.category.number,
                "category": f.category.id,
                "name": f.category.name,
                "clause": None if f.clause is None else {"number": f.clause.number, "text": f.clause.text},
                "probability": round(f.probability, 4),
                "level": f.level,
                "passage": {
                    "text": f.evidence.passage.text,
                    "start": f.evidence.passage.start,
                    "end": f.evidence.passage.end,
                },
                "terms": [
                    {"text": t.text, "start": t.start, "end": t.end, "contribution": round(t.contribution, 3)}
                    for t in f.evidence.terms
                ],
            }
            for f in result.findings
        ],
    }


def as_lines(result: Classification) -> list[str]:
    """Return a classification as lines for a person.

    Parameters
    ----------
    result : Classification
        What the model said.

    Returns
    -------
    list of str
        A line for the whole, then for each finding its row, passage and words.
    """
    if result.status != "scored":
        return [f"not scored: {result.status}"]
    lines = [f"{result.level or 'no finding'}  harassment {result.harassment:.2f}"]
    for finding in result.findings:
        category = finding.category
        lines.append(f"  ({category.number}) {category.name}  {finding.probability:.2f}  {finding.level}")
        if finding.clause is not None:
            lines.append(f"      {finding.clause.number} {finding.clause.text}")
        lines.append(f"      「{_one_line(finding.evidence.passage.text)}」")
        words = "  ".join(f"{t.text} {t.contribution:+.2f}" for t in finding.evidence.terms[:6])
        lines.append(f"      {words}")
    return lines


def message_lines(results: Results) -> Iterator[str]:
    """Show the messages with findings, likeliest first.

    Parameters
    ----------
    results : Results
        An open store.

    Yields
    ------
    str
        Lines for a terminal: for each message who, when and what, then its findings.
    """
    findings = results.query(
        "SELECT m.id, m.source, m.position, m.date, m.sender, m.subject, m.level AS message_level, m.harassment, "
        "f.number, f.name, f.clause, f.clause_text, f.probability, f.level, f.passage "
        "FROM messages m JOIN findings f ON f.message = m.id "
        "ORDER BY m.harassment DESC, m.id, f.probability DESC, f.id"
    )
    for _, rows in findings.groupby("id", sort=False):
        first = rows.iloc[0]
        heading = "  ".join(str(part) for part in (first["date"], first["sender"], first["subject"]) if part)
        yield f"{first['message_level']:<6}  {first['harassment']:.2f}  {heading or first['source']}"
        for row in rows.to_dict("records"):
            yield f"        ({row['number']}) {row['name']}  {row['probability']:.2f}  {row['level']}"
            if row["clause_text"]:
                yield f"            {row['clause']} {row['clause_text']}"
            yield f"            「{_one_line(row['passage'])}」"
        yield ""


_WHAT = {
    "scored": "scored",
    "own": "sent by the organisation",
    "automatic": "automatic",
    "newsletter": "newsletters",
    "bounce": "bounces",
    "empty": "without words of the customer",
    "not_japanese": "not Japanese",
    "no_known_terms": "without known terms",
    "role_unknown": "calls in which it is unknown who the customer is",
    "duplicate": "duplicates of a scored message",
    "re-decoded": "with a wrong or missing character set, decoded by what the bytes are",
    "failed": "could not be read",
    "level alert": "with an alert",
    "level review": "to review",
}


def report_lines(counts: Mapping[str, int]) -> list[str]:
    """Write the run report.

    Parameters
    ----------
    counts : mapping of str to int
        As `kahara_nlp.archive.score_archive` returns it.

    Returns
    -------
    list of str
        A line for each count.

    Examples
    --------
    >>> report_lines({"scored": 12, "level alert": 1})
    ['     12 scored', '      1 with an alert']
    """
    return [f"{counts[key]:>7,} {words}" for key, words in _WHAT.items() if key in counts]
