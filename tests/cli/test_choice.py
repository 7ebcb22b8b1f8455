"""Which language the command line speaks: the option, the variable, the locale, and Vietnamese where none says."""

import pytest

from cli.language import choose


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ([], {}, "vi"),
        ([], {"LANG": "C"}, "vi"),
        ([], {"LANG": "C.UTF-8"}, "vi"),
        ([], {"LC_ALL": "POSIX"}, "vi"),
        ([], {"LANG": "vi_VN.UTF-8"}, "vi"),
        ([], {"LANG": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LC_MESSAGES": "vi_VN", "LANG": "en_US"}, "vi"),
        ([], {"LC_ALL": "en_GB", "LC_MESSAGES": "vi_VN"}, "en"),
        ([], {"CERTLOG_LANG": "en", "LANG": "vi_VN"}, "en"),
        ([], {"CERTLOG_LANG": "vi", "LANG": "en_US"}, "vi"),
        ([], {"CERTLOG_LANG": "de", "LANG": "en_US"}, "en"),
        (["verify", "--lang", "en"], {"CERTLOG_LANG": "vi"}, "en"),
        (["--lang=vi", "verify"], {"CERTLOG_LANG": "en"}, "vi"),
        (["--lang", "en", "verify", "--lang", "vi"], {}, "vi"),
        (["verify", "--lang"], {"LANG": "en_US"}, "en"),
        (["verify", "--", "--lang", "en"], {}, "vi"),
    ],
)
def test_the_language_is_chosen_by_option_then_variable_then_locale(
    arguments: list[str], environ: dict[str, str], language: str
) -> None:
    assert choose(arguments, environ) == language
