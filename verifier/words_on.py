"""The words of the answer for a day in the past, in both languages. Nothing is decided here."""

from typing import Final

from verifier.report_on import Known, State, StateOn
from verifier.words import LANGUAGES, Language, Phrase, show_time
from verifier.words_status import ACTIONS

STATES: Final[dict[State, Phrase]] = {
    State.CLEAR: Phrase("chưa bị thu hồi, không bị tạm đình chỉ", "neither withdrawn nor suspended"),
    State.SUSPENDED: Phrase("bị tạm đình chỉ", "suspended"),
    State.REVOKED: Phrase(
        "đã mất hiệu lực vĩnh viễn (thu hồi, chấm dứt hoặc thay thế)",
        "ended for good (withdrawn, cancelled or replaced)",
    ),
}

_ANSWERS: Final[dict[Known, Phrase]] = {
    Known.CERTAIN: Phrase("Vào lúc đó giấy {states}.", "At that moment it was {states}."),
    Known.BETWEEN: Phrase(
        "Vào lúc đó giấy ở một trong các trạng thái: {states}. Không bằng chứng nào cho biết là trạng thái nào.",
        "At that moment it was one of: {states}. No proof tells which.",
    ),
    Known.AFTER: Phrase(
        "Tệp này không nói gì về lúc đó. Vào lúc {stated} giấy {states}.",
        "This file says nothing of that moment. As of {stated} it was {states}.",
    ),
    Known.BEFORE: Phrase(
        "Không có gì chứng minh rằng lúc đó giấy đã được đăng ký.",
        "Nothing proves that it was registered by that moment.",
    ),
    Known.MISSING: Phrase(
        "Tệp này thiếu sự kiện. Chỉ biết rằng vào lúc {stated} giấy {states}.",
        "Events are missing in this file. All that is known: as of {stated} it was {states}.",
    ),
}
_BY_ISSUER: Final = Phrase(
    "Theo ngày mà nơi cấp ký: {state}.", "By the dates that the issuer signed: {state}."
)
_REGISTERED_BY: Final = Phrase(
    "Theo chuỗi khối, giấy đã được đăng ký muộn nhất vào {time}.",
    "By the chain, it was registered at the latest on {time}.",
)
_NO_BLOCK: Final = Phrase(
    "Chưa biết giờ khối nào: mọi ngày ở đây chỉ là lời của sổ đăng ký.",
    "No block time is known: every date here is the registry's word alone.",
)
_EVENT_BY: Final = Phrase(
    "Theo chuỗi khối, sự kiện {number} ({action}) đã được ghi muộn nhất vào {time}.",
    "By the chain, event {number} ({action}) was logged at the latest on {time}.",
)
_WORD: Final = Phrase(
    "Rằng đến {stated} không có sự kiện nào khác là lời của sổ đăng ký (bản trạng thái có chữ ký). Chuỗi khối chỉ "
    "chứng minh điều gì đã có muộn nhất vào lúc nào, không chứng minh sớm nhất vào lúc nào.",
    "That there was no other event by {stated} is the registry's word (its signed epoch). The chain proves what was "
    "there at the latest when, never at the earliest.",
)


def on_title(found: StateOn, language: Language) -> str:
    """The moment that was asked about."""
    return (
        Phrase("Trạng thái vào lúc {time}", "The state on {time}")
        .text(language)
        .format(time=show_time(found.on, language))
    )


def on_lines(found: StateOn, language: Language) -> tuple[str, ...]:
    """The answer, and whose word each part of it is."""
    stated = show_time(found.stated_at, language)
    joint = Phrase("; hoặc ", "; or ").text(language)
    states = joint.join(STATES[state].text(language) for state in found.states)
    lines = [_ANSWERS[found.known].text(language).format(states=states, stated=stated)]
    if found.by_issuer is not None:
        lines.append(_BY_ISSUER.text(language).format(state=STATES[found.by_issuer].text(language)))
    if found.registered_by is None:
        lines.append(_NO_BLOCK.text(language))
    else:
        lines.append(_REGISTERED_BY.text(language).format(time=show_time(found.registered_by, language)))
    lines += [
        _EVENT_BY.text(language).format(
            number=number, action=ACTIONS[action][LANGUAGES.index(language)], time=show_time(bound, language)
        )
        for number, (action, bound) in enumerate(found.events, start=1)
        if bound is not None
    ]
    return (*lines, _WORD.text(language).format(stated=stated))
