"""Paths that clients name stay inside the allowed folders."""

import pytest

from osc_server.contract.errors import Forbidden
from osc_server.library.paths import confined


@pytest.fixture
def models(tmp_path):
    (tmp_path / "models" / "small").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    return tmp_path / "models"


def test_a_path_inside_is_allowed_absolute_or_relative(models):
    assert confined("small", [models]) == models / "small"
    assert confined(models / "small", [models]) == models / "small"


@pytest.mark.parametrize("path", ["../secret", "small/../../secret", "/etc/passwd", "a\0b", ""])
def test_a_path_outside_is_forbidden(models, path):
    if path == "":
        assert confined(path, [models]) == models
        return
    with pytest.raises(Forbidden, match="outside"):
        confined(path, [models])


def test_a_link_that_leads_outside_is_forbidden(models):
    (models / "way-out").symlink_to(models.parent / "secret")
    with pytest.raises(Forbidden):
        confined("way-out", [models])


def test_a_folder_whose_name_only_begins_alike_is_outside(models):
    with pytest.raises(Forbidden):
        confined(str(models) + "-private", [models])


def test_the_folder_that_has_it_is_found(models, tmp_path):
    assert confined("secret", [models, tmp_path]) == tmp_path / "secret"
