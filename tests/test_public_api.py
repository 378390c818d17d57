"""The public face: what is listed is there, and nothing costs more than it must."""

import subprocess
import sys

import pytest

import kahara_nlp as kn


def test_every_listed_name_is_there_and_listed_in_order():
    assert all(hasattr(kn, name) for name in kn.__all__)
    assert kn.__all__ == sorted(kn.__all__)
    assert dir(kn) == kn.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'classifly'"):
        kn.classifly  # noqa: B018


def test_scoring_needs_no_scikit_learn_and_no_network():
    code = (
        "import sys, socket\n"
        "def refuse(*a): raise AssertionError('network')\n"
        "socket.socket.connect = refuse; socket.socket.connect_ex = refuse\n"
        "sys.modules['sklearn'] = None\n"
        "import kahara_nlp as kn\n"
        "print(kn.classify('土下座して謝れ').level)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert result.stdout.strip() in {"alert", "review"}
