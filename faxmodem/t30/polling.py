"""The document goes the other way: the station that called asks for it, or the one that answered has it.

T.30 (09/2005) §4.1 (operating methods 4) and figures 5-2a, 5-2b; table 2 notes on bits 9, 35, 47 and 50.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Call, Entry, Rows, give_up, goto
from faxmodem.t30.states import Signal, State
from faxmodem.t30.transitions import Note, Turned


def _send_dtc(call: Call) -> None:
    call.tries += 1
    wanted, remote = call.settings.addressing, call.remote
    if remote is None:
        raise RuntimeError("only a DIS can be answered with DTC")
    said = {
        Fcf.CIG: call.settings.station_id,
        Fcf.PWD: wanted.password if remote.password else "",
        Fcf.SEP: wanted.selective,
        Fcf.PSA: _polled_subaddress(call),
    }
    dtc = replace(
        call.settings.offer(),
        password=bool(said[Fcf.PWD]),
        selective_polling=bool(said[Fcf.SEP]),
        polled_subaddress=bool(said[Fcf.PSA]),
    )
    call.send(*call.texts(said), call.frame(Fcf.DTC, dtc.to_bits()))


def _polled_subaddress(call: Call) -> str:
    """The subaddress whose document is wanted; that of a document that we have sent is not meant."""
    return call.settings.addressing.subaddress if call.settings.first_page is None else ""


ENTRIES: Mapping[State, Entry] = {State.SENDING_DTC: _send_dtc}


def may_ask(call: Call) -> bool:
    """True if we want a document and the far end has one."""
    return call.settings.polls and call.remote is not None and call.remote.has_document


def ask_for_document(call: Call, frame: Frame | None) -> State:
    """DIS of a station that is to be polled."""
    if hindrance := hindrance_to_ask(call):
        return give_up(hindrance)(call, frame)
    take_over(call)
    return State.SENDING_DTC


def hindrance_to_ask(call: Call) -> Outcome | None:
    """Why the far end is not to be asked for the document that we want; None: nothing stands against it."""
    wanted, remote = call.settings.addressing, call.remote
    if not may_ask(call) or remote is None:
        return Outcome.NOTHING_TO_POLL
    unheard = wanted.selective and not remote.selective_polling
    if unheard or (_polled_subaddress(call) and not remote.polled_subaddress):
        return Outcome.INCOMPATIBLE
    return None


def hindrance_to_serve(call: Call) -> Outcome | None:
    """Why a poller does not get our document; None: he does."""
    if call.page_info is None:
        return Outcome.NOTHING_TO_POLL
    return None if is_admitted(call) else Outcome.POLL_REFUSED


def is_admitted(call: Call) -> bool:
    """True if the poller has said what opens the door."""
    door = call.settings.door
    return all(
        not key or call.told.get(note, "") == key
        for note, key in ((Note.PASSWORD, door.password), (Note.SELECTIVE_POLLING, door.selective))
    )


def take_over(call: Call) -> None:
    """From now on we receive the document that we poll."""
    _turn(call, sends=False)
    call.polling = True


def hand_over(call: Call) -> None:
    """From now on we send the document that we were polled for."""
    _turn(call, sends=True)


def _turn(call: Call, *, sends: bool) -> None:
    call.pages_before = call.page - 1
    call.tell(Turned(sends))


ROWS: Rows = {
    (State.SENDING_DTC, Signal.SENT): goto(State.AWAIT_DCS),
}
