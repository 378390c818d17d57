import re

import kahara_nlp
from kahara_nlp import errors


def _children(base: type) -> dict[str, tuple[str, int]]:
    tree: dict[str, tuple[str, int]] = {}

    def walk(cls: type, depth: int) -> None:
        for child in cls.__subclasses__():
            tree[child.__name__] = (cls.__name__, depth)
            walk(child, depth + 1)

    walk(base, 1)
    return tree


def test_the_picture_in_the_docstring_is_the_tree():
    drawn: dict[str, tuple[str, int]] = {}
    parents = ["KaharaError"]
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"( *)[*+-] (\w+Error)", line)
        if match and match[2] != "KaharaError":
            depth = len(match[1]) // 2
            parents[depth:] = [match[2]]
            drawn[match[2]] = (parents[depth - 1], depth)
    assert drawn == _children(errors.KaharaError)


def test_the_second_parents_are_as_drawn():
    for name, parent in re.findall(r"(\w+Error) \(also (\w+)\)", errors.__doc__ or ""):
        assert issubclass(getattr(errors, name), __builtins__[parent])


def test_every_error_is_public():
    assert set(errors.__all__) <= set(kahara_nlp.__all__)
