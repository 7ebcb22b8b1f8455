"""A page is rendered once while nothing that it says has changed; what changes it shows at the next request."""

from collections.abc import Callable, Hashable
from pathlib import Path

import pytest

from certlog.credential import slot_of
from certlog.status import StatusAction
from tests.support.registry import START, as_submission
from tests.web.real import RealRegistry, id_of, make_real_registry
from web import pages
from web.page_cache import MAX_SECONDS, KeptPage, PageCache


def page(text: str) -> KeptPage:
    return KeptPage(text, 200, is_sealed=False)


def test_a_page_of_another_version_is_never_given() -> None:
    cache = PageCache(lambda: START)
    cache.put("x", 1, page("one"))
    assert cache.get("x", 1) == page("one")
    assert cache.get("x", 2) is None
    assert cache.get("y", 1) is None


def test_a_page_is_kept_for_a_few_seconds_only() -> None:
    time = [START]
    cache = PageCache(lambda: time[0])
    cache.put("x", 1, page("one"))
    time[0] += MAX_SECONDS - 1
    assert cache.get("x", 1) is not None
    time[0] += 1
    assert cache.get("x", 1) is None


def test_memory_is_bounded_and_the_page_that_nobody_asked_for_goes_first() -> None:
    cache = PageCache(lambda: START, max_bytes=25)
    for name in ("a", "b"):
        cache.put(name, 1, page(name * 10))
    cache.get("a", 1)
    cache.put("c", 1, page("c" * 10))
    assert [cache.get(name, 1) is not None for name in ("a", "b", "c")] == [True, False, True]
    for _ in range(100):
        cache.put("c", 1, page("c" * 10))
    assert cache.get("a", 1) is not None


def test_a_page_larger_than_the_whole_memory_is_not_kept() -> None:
    cache = PageCache(lambda: START, max_bytes=5)
    cache.put("a", 1, page("too long"))
    assert cache.get("a", 1) is None


@pytest.fixture
def real(tmp_path: Path) -> RealRegistry:
    return make_real_registry(tmp_path / "data", clock=START + 1000)


def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the pages that are rendered."""
    seen: list[str] = []
    render: Callable[[str], KeptPage] = pages._rendered_page

    def watch(typed: str) -> KeptPage:
        seen.append(typed)
        return render(typed)

    monkeypatch.setattr(pages, "_rendered_page", watch)
    return seen


def test_a_page_is_rendered_once_in_each_language(
    real: RealRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier, seen, client = id_of(real.issue()), rendered(monkeypatch), real.app.test_client()
    bodies = [client.get(f"/{language}/c/{identifier}").data for language in ("vi", "en", "vi", "en")]
    assert len(seen) == 2
    assert bodies[:2] == bodies[2:]
    assert bodies[0] != bodies[1]
    # Whoever adds a query gets a page of their own, and fills nobody's memory with it.
    for number in range(3):
        client.get(f"/vi/c/{identifier}?n={number}")
    assert len(seen) == 5
    real.close()


def test_an_address_without_a_language_is_kept_for_each_browsers_language(real: RealRegistry) -> None:
    path, client = f"/c/{id_of(real.issue())}", real.app.test_client()
    texts = [client.get(path, headers={"Accept-Language": language}).text for language in ("vi", "en", "vi")]
    assert ['<html lang="vi"' in text for text in texts] == [True, False, True]
    assert texts[0] == texts[2] != texts[1]
    real.close()


def test_a_withdrawal_shows_at_the_next_request(real: RealRegistry) -> None:
    document, client = real.issue(), real.app.test_client()
    before = client.get(f"/en/c/{id_of(document)}").text
    real.world.logged(real.world.status(document, StatusAction.WITHDRAW))
    after = client.get(f"/en/c/{id_of(document)}").text
    assert "withdrawn" not in before.lower()
    assert "withdrawn" in after.lower()
    real.close()


def test_an_anchor_and_a_published_content_show_at_the_next_request(real: RealRegistry) -> None:
    document, client = real.issue(publish=False), real.app.test_client()
    pages_seen = [client.get(f"/en/c/{id_of(document)}").text]

    def publish() -> None:
        real.world.submit(as_submission(document, slot_of(document.content)))

    for change in (publish, real.anchor, real.poll):
        change()
        pages_seen.append(client.get(f"/en/c/{id_of(document)}").text)
    assert len(set(pages_seen)) == 4
    real.close()


def test_without_the_version_a_withdrawal_would_stay_hidden(
    real: RealRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mutant control: the tests above can fail.
    def same(_self: object, _identifier: str) -> Hashable:
        return "always the same"

    monkeypatch.setattr("web.wiring.PageVersions.of", same)
    document, client = real.issue(), real.app.test_client()
    client.get(f"/en/c/{id_of(document)}")
    real.world.logged(real.world.status(document, StatusAction.WITHDRAW))
    assert "withdrawn" not in client.get(f"/en/c/{id_of(document)}").text.lower()
    real.close()
