from client.conflict import pick_winner, weave


def test_winner_is_the_later_version(versions):
    mine, theirs, base = versions("12:00", "13:00", "11:00")
    assert pick_winner(mine, theirs, base) is theirs


def test_merge_of_text_without_overlap():
    assert weave(["a", "b", "c"], ["A", "b", "c"], ["a", "b", "C"]) == ["A", "b", "C"]


def test_conflicting_lines_cannot_be_merged():
    assert weave(["a"], ["b"], ["c"]) is None
