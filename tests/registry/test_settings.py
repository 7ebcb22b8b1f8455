"""Settings: one frozen value, unknown keys refused, each mistake one clear line."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from certlog.errors import InvalidInput
from registry.settings import Settings, load_settings, read_table
from tests.support.registry import settings_text


def _load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    return load_settings(path, environ or {})


def test_settings_are_read_from_the_file_and_cannot_be_changed(tmp_path: Path) -> None:
    settings = _load(tmp_path, settings_text(epoch_interval=5))
    assert (settings.origin, settings.epoch_interval) == ("registry.example.vn", 5)
    with pytest.raises(ValidationError, match="frozen"):
        settings.origin = "other.example.vn"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = _load(tmp_path, settings_text(heartbeat=60), {"CERTLOG_REGISTRY_HEARTBEAT": "90"})
    assert settings.heartbeat == 90


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        (
            "[registry]\n",
            {},
            r"setting 'origin' is missing; set it in .*\[registry\] or as CERTLOG_REGISTRY_ORIGIN",
        ),
        (settings_text(colour="red"), {}, r"unknown setting 'colour' in .*; known: origin"),
        (settings_text(), {"CERTLOG_REGISTRY_ORIGEN": "x"}, r"unknown setting CERTLOG_REGISTRY_ORIGEN"),
        (settings_text(epoch_interval=61), {}, r"setting 'epoch_interval' .* less than or equal to 60"),
        (
            settings_text(origin="https://registry.example.vn"),
            {},
            r"setting 'origin' .* scheme-less URL prefix",
        ),
        (settings_text(public_url="registry.example.vn"), {}, r"setting 'public_url' .* http"),
        (settings_text(operator_key="z6Mkwrong"), {}, r"setting 'operator_key' .* public key in multibase"),
        (settings_text(operator_did="did:example:1"), {}, r"setting 'operator_did' .* did:web or did:key"),
        ("[regisrty]\n", {}, r"unknown key 'regisrty' outside the tables \[registry\]"),
        ("registry = 1\n", {}, r"expected a table \[registry\], found int"),
        ("[registry\n", {}, r"is not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        _load(tmp_path, text, environ)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"does not exist; make it with: certlog registry init"):
        load_settings(tmp_path / "settings.toml", {})


def test_tables_of_other_programs_are_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(settings_text() + "[web]\nproxy_hops = 1\n", "utf-8")
    assert load_settings(path, {}).origin == "registry.example.vn"
    assert read_table(path, "web") == {"proxy_hops": 1}


def test_settings_that_are_written_read_back_the_same(tmp_path: Path) -> None:
    settings = _load(tmp_path, settings_text(publish_interval=1))
    assert _load(tmp_path, settings.to_toml()) == settings
