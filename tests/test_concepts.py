from kahara_nlp.concepts import Lexicon, concept_symbols, merge


def test_a_phrase_hides_a_shorter_entry_of_the_same_notion_only():
    lexicon = merge([("kneel", ("床", "に", "手")), ("kneel", ("手",)), ("hand", ("手",))])
    assert [(m.notion, m.start, m.end) for m in lexicon.match(["床", "に", "手"])] == [("kneel", 0, 3), ("hand", 2, 3)]


def test_marks_of_form_are_ignored_in_matching_and_used_in_symbols():
    lexicon = Lexicon({("謝る",): ("apology",)})
    assert concept_symbols(["早い", "謝る!"], lexicon)[0] == ["apology", "apology!"]
    assert concept_symbols(["早い", "謝る"], lexicon)[0] == ["apology"]


def test_the_end_of_the_text_is_the_end_of_a_match():
    lexicon = merge([("kneel", ("床", "に", "手")), ("floor", ("床", "に"))])
    assert [tuple(match) for match in lexicon.match(["床", "に"])] == [("floor", 0, 2)]


def test_nothing_matches_in_nothing():
    assert concept_symbols([], Lexicon({})) == ([], [])
