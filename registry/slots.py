"""Hands out status slots: in order, before anything is signed, each once and for ever.

An unused slot expires and is not handed out again: whoever signed for it may still hold the signature.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, insert, select

from certlog.errors import InvalidInput, NotTrusted
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE, Slot
from registry.tables import certificates, slot_reservations

MAX_SLOTS_PER_REQUEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Reservation:
    """Consecutive slots that one issuer may sign for until `expires_at`."""

    slots: tuple[Slot, ...]
    expires_at: int


def position_of(slot: Slot) -> int:
    """Number all slots of all lists in one row."""
    return slot.list * LIST_SIZE + slot.index


def slot_at(position: int) -> Slot:
    """Return the slot with this position."""
    return Slot.of(*divmod(position, LIST_SIZE))


def reserve(
    connection: Connection, issuer: str, count: int, *, expires_at: int, now: int, max_unused: int
) -> Reservation:
    """Reserve the next `count` slots; requires a writing transaction.

    Raises:
        InvalidInput: count is not 1 .. 1000.
        NotTrusted: the issuer already holds too many unused ones.
    """
    if not 1 <= count <= MAX_SLOTS_PER_REQUEST:
        message = Sentence(
            "reserve 1 to {max_slots_per_request} slots at a time, found {count}",
            max_slots_per_request=MAX_SLOTS_PER_REQUEST,
            count=count,
        )
        raise InvalidInput(message, place="/count", code="bad-count")
    # Those that are used are counted only where it matters: an issuer that works has thousands.
    if _reserved(connection, issuer, now) + count > max_unused:
        _require_room(connection, issuer, count, now=now, max_unused=max_unused)
    newest = select(slot_reservations).order_by(slot_reservations.c.first.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    first = 0 if last is None else last.first + last.amount
    row = {"first": first, "amount": count, "issuer": issuer, "expires_at": expires_at}
    connection.execute(insert(slot_reservations).values(row))
    return Reservation(tuple(slot_at(position) for position in range(first, first + count)), expires_at)


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation as it is stored."""

    first: int
    amount: int
    issuer: str
    expires_at: int

    def covers(self, position: int) -> bool:
        """Tell whether a slot is one of these."""
        return self.first <= position < self.first + self.amount


def reservation_of(connection: Connection, slot: Slot) -> Held | None:
    """Return the reservation that covers a slot, or None."""
    position = position_of(slot)
    row = connection.execute(
        select(slot_reservations)
        .where(slot_reservations.c.first <= position)
        .order_by(slot_reservations.c.first.desc())
        .limit(1)
    ).one_or_none()
    held = None if row is None else Held(row.first, row.amount, row.issuer, row.expires_at)
    return held if held is not None and held.covers(position) else None


def require_reserved(held: Held | None, slot: Slot, issuer: str, now: int) -> None:
    """Require that a slot is held by this issuer and has not expired.

    Raises:
        NotTrusted: reserved by another, never reserved, or expired.
    """
    if held is not None and held.issuer == issuer and now < held.expires_at:
        return
    shown = Sentence("slot [{list}, {index}]", list=slot.list, index=slot.index)
    if held is None or held.issuer != issuer:
        message = Sentence(
            "{shown} is not reserved for {issuer}; reserve slots and sign again", shown=shown, issuer=issuer
        )
        raise NotTrusted(message, code="slot-not-reserved")
    message = Sentence(
        "the reservation of {shown} has expired; reserve a new slot and sign again", shown=shown
    )
    raise NotTrusted(message, code="slot-expired")


def _require_room(connection: Connection, issuer: str, count: int, *, now: int, max_unused: int) -> None:
    unused = _reserved(connection, issuer, now) - _used(connection, issuer, now)
    if unused + count > max_unused:
        message = Sentence(
            "{issuer} holds {unused} unused slots and may hold {max_unused}; use them or "
            "wait until they expire",
            issuer=issuer,
            unused=unused,
            max_unused=max_unused,
        )
        raise NotTrusted(message, code="too-many-slots")


def _reserved(connection: Connection, issuer: str, now: int) -> int:
    """Count an issuer's slots that are reserved and not expired, used or not."""
    reserved = select(func.coalesce(func.sum(slot_reservations.c.amount), 0)).where(*_held(issuer, now))
    return int(connection.execute(reserved).scalar_one())


def _used(connection: Connection, issuer: str, now: int) -> int:
    """Count those of them that a certificate has taken."""
    reservation = slot_reservations.c
    within = certificates.c.slot.between(reservation.first, reservation.first + reservation.amount - 1)
    used = select(func.count()).select_from(slot_reservations.join(certificates, within))
    return int(connection.execute(used.where(*_held(issuer, now))).scalar_one())


def _held(issuer: str, now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return slot_reservations.c.issuer == issuer, slot_reservations.c.expires_at > now
