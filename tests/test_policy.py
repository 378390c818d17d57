from pathlib import Path

import pytest

from kahara_nlp import PolicyError, default_policy, load_policy
from kahara_nlp.policy import data_root

ROWS = """[policy]
title = "t"
[[category]]
number = 1
id = "mine"
name = "うちの一番"
behaviors = ["あれをすること。"]
"""


def _write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_shipped_policy_has_twelve_rows_with_their_own_words():
    policy = default_policy()
    assert [category.number for category in policy.values()] == list(range(1, 13))
    assert policy.organization == "東京医師歯科医師協同組合"
    assert policy["mental_attack"].clause(3).text == "人格を否定するような言動を行うこと。"
    assert policy["personal_attack"].clause(0).text == "職員等個人への攻撃や職員等への処罰の要求"
    assert sum(len(category.behaviors) for category in policy.values()) == 29
    assert "総合的に勘案" in policy.caveat
    assert policy.definition.startswith("お客さまからの")
    assert "毅然とした姿勢" in policy.response


def test_an_own_policy_replaces_names_and_unites_rows(tmp_path: Path):
    path = _write(tmp_path, ROWS + 'maps = ["dogeza_demand", "apology_demand"]\n')
    category = load_policy(path)["mine"]
    assert category.name == "うちの一番"
    assert category.maps == ("dogeza_demand", "apology_demand")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "at least one"),
        ("[policy", "not valid TOML"),
        (ROWS.replace("number = 1", "number = 0"), "line 3: number"),
        (ROWS.replace("number = 1", "number = true"), "number"),
        (ROWS.replace('"mine"', '"has space"'), "id must be an identifier"),
        (ROWS.replace('name = "うちの一番"', ""), "name must"),
        (ROWS.replace('["あれをすること。"]', '"text"'), "behaviors must be a list"),
        (ROWS + "maps = [1]\n", "maps must be a list"),
        (ROWS + 'colour = "red"\n', "unknown key 'colour'"),
        (ROWS + ROWS.split("\n", 2)[2], "line 8: id 'mine' stands twice"),
        (ROWS + ROWS.split("\n", 2)[2].replace("mine", "other"), "line 8: number 1 stands twice"),
        (ROWS + "[extra]\n", "unknown table 'extra'"),
        (ROWS.replace('title = "t"', 'title = "t"\nauthor = "x"'), "unknown key 'author'"),
        (ROWS.replace('title = "t"', "title = 5"), "title must be str"),
    ],
)
def test_a_malformed_policy_is_refused_with_the_reason(tmp_path: Path, content: str, reason: str):
    with pytest.raises(PolicyError, match=reason):
        load_policy(_write(tmp_path, content))


def test_a_missing_or_wrongly_encoded_policy_is_refused(tmp_path: Path):
    with pytest.raises(PolicyError, match="no policy file"):
        load_policy(tmp_path / "absent.toml")
    path = tmp_path / "sjis.toml"
    path.write_bytes(ROWS.encode("cp932"))
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(path)


def test_an_unknown_line_of_a_row_is_refused():
    with pytest.raises(PolicyError, match="lines 0 to 1"):
        default_policy()["dogeza_demand"].clause(2)


def test_the_policy_file_is_valid_toml_where_it_is_shipped():
    assert (data_root() / "policy.toml").is_file()
