"""While things are made that stay, nobody looks for garbage; and then somebody does again."""

import gc

import pytest

from autograder.lasting import lasting


def test_the_collector_rests_inside_and_works_again():
    with lasting():
        assert not gc.isenabled()
        with lasting():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_where_something_fails():
    with pytest.raises(ValueError), lasting():
        raise ValueError
    assert gc.isenabled()
