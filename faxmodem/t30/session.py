"""The T.30 session: a table of moves, and the small engine that walks it.

The rows are in `release`, `sender`, `identification`, `receiver`, `polling`, and for error correction in `ecm_sender`
and `ecm_receiver`; those of a modem that runs T.30 itself are in `page_level`. Nothing else changes a session's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from faxmodem.errors import LocalProtocolError, RemoteProtocolError
from faxmodem.t30 import (
    ecm_receiver,
    ecm_sender,
    events,
    identification,
    page_level,
    polling,
    receiver,
    release,
    sender,
)
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import Address, NonStandard, Record, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.nsf import describe
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Call, Move, Procedure, Settings
from faxmodem.t30.states import LISTENING, Signal, State, signal_of
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Note, Phase, PhaseEntered, RemoteIdentified, RemoteTold, Transition

CARRIER_LEVEL: Final = Procedure(
    # Later tables win: a row of the common table gives way to one of the side that has something of its own to do.
    moves={
        **release.ROWS,
        **sender.ROWS,
        **ecm_sender.ROWS,
        **identification.ROWS,
        **receiver.ROWS,
        **ecm_receiver.ROWS,
        **polling.ROWS,
    },
    entries={
        **release.ENTRIES,
        **sender.ENTRIES,
        **ecm_sender.ENTRIES,
        **identification.ENTRIES,
        **receiver.ENTRIES,
        **ecm_receiver.ENTRIES,
        **polling.ENTRIES,
    },
    takes={
        events.CallConnected: release.connected,
        events.Chosen: sender.chosen,
        events.PageSent: sender.page_sent,
        events.BlockSent: ecm_sender.block_sent,
        events.BlockReceived: ecm_receiver.block_received,
        events.PageStored: receiver.stored,
    },
    unbounded=LISTENING
    | {
        State.DIALING,
        State.SENDING_PAGE,
        State.SENDING_BLOCK,
        State.RECEIVING_PAGE,
        State.RECEIVING_BLOCK,
        State.RECEIVING_TCF,
    },
)
"All of T.30 is done here, with a modem that sends and receives frames and data."

_SIGNALS: Mapping[type[events.Event], Signal] = {
    events.CallConnected: Signal.CONNECTED,
    events.CallNotConnected: Signal.NOT_CONNECTED,
    events.Sent: Signal.SENT,
    events.Chosen: Signal.CHOSEN,
    events.PageSent: Signal.PAGE_SENT,
    events.BlockSent: Signal.BLOCK_SENT,
    events.FlagsHeard: Signal.FLAGS,
    events.FrameDamaged: Signal.DAMAGED,
    events.NoCarrier: Signal.NO_CARRIER,
    events.WrongCarrier: Signal.WRONG_CARRIER,
    events.PageReceived: Signal.PAGE_RECEIVED,
    events.BlockReceived: Signal.BLOCK_RECEIVED,
    events.BlockStored: Signal.BLOCK_STORED,
    events.PageStored: Signal.PAGE_STORED,
    events.Moved: Signal.MOVED,
    events.PageBegun: Signal.PAGE_BEGUN,
    events.Released: Signal.RELEASED,
    events.LineLost: Signal.LINE_LOST,
    events.Failed: Signal.FAILED,
    events.HungUp: Signal.HUNG_UP,
}

_TIMER_SIGNALS = {timer: Signal[timer.name] for timer in Timer}


_NOTES = {Fcf[note.value]: note for note in Note}


def _text_of(record: Record) -> str:
    """What a frame tells beside a station's name, for people."""
    match record:
        case StationId(text):
            return text
        case Address(_, octets):
            return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in octets)
        case NonStandard():
            return str(describe(record) or "")
        case _:
            return ""


class Session:
    """One call's T.30 procedure: no port, no thread, no clock. Times are seconds on the caller's clock.

    Drive it with `start`, `receive`, `expire` at `deadline`, and `cancel`; after each, carry out `commands` and pass
    on `transitions`. The last transition is a `CallEnded`.
    """

    def __init__(self, settings: Settings) -> None:
        self._procedure = page_level.PAGE_LEVEL if settings.page_level else CARRIER_LEVEL
        self._call = Call(settings, page_info=settings.first_page)
        self._state = State.IDLE

    @property
    def state(self) -> State:
        """Where the call stands."""
        return self._state

    @property
    def done(self) -> bool:
        """True when the call is over and the modem on hook."""
        return self._state is State.ENDED

    @property
    def outcome(self) -> Outcome | None:
        """How the call ends, as soon as that is certain."""
        return self._call.outcome

    @property
    def remote_id(self) -> str:
        """The far end's station id, "" until it has told one."""
        return self._call.remote_id

    def start(self, now: float) -> None:
        """Begin the call."""
        if self._state is not State.IDLE:
            raise LocalProtocolError("this session has been started before; make a new one for each call")
        self._call.now = now
        self._call.start(Timer.CALL, self._call.limits.call_s)
        self._call.tell(PhaseEntered(State.IDLE.phase))
        self._enter(State.DIALING if self._call.settings.calling else State.ANSWERING)

    def receive(self, event: events.Event, now: float) -> None:
        """Take in what happened. Raises `LocalProtocolError` for an event that cannot happen in this state."""
        call = self._call
        call.now = now
        if self.done:
            return
        match event:
            case events.FrameReceived(frame):
                self._frame(frame)
            case events.TrainingReceived(good):
                self._signal(Signal.TRAINED if good else Signal.UNTRAINED)
            case _:
                signal = _SIGNALS[type(event)]
                self._row(signal)  # an event that cannot happen leaves no trace
                self._note(event)
                self._signal(signal)

    def cancel(self, now: float) -> None:
        """End the call in an orderly way; a call that is already ending ends as it would have."""
        self._call.now = now
        self._signal(Signal.CANCEL)

    def deadline(self) -> float | None:
        """When to call `expire`; None: nothing is awaited."""
        return min(self._call.timers.values(), default=None)

    def expire(self, now: float) -> None:
        """Let the timers run out that are due at `now`, the earliest first."""
        self._call.now = now
        due = sorted((at, timer.name) for timer, at in self._call.timers.items() if at <= now)
        for at, name in due:
            timer = Timer[name]
            if self._call.timers.get(timer) == at:  # an earlier one of them may have stopped it
                del self._call.timers[timer]
                self._signal(_TIMER_SIGNALS[timer])

    def commands(self) -> list[events.Command]:
        """What the modem is to do now; drains."""
        drained, self._call.commands = self._call.commands, []
        return drained

    def transitions(self) -> list[Transition]:
        """What has happened, for status and log; drains."""
        drained, self._call.transitions = self._call.transitions, []
        return drained

    # --- inside ------------------------------------------------------------------------------------------------------

    def _note(self, event: events.Event) -> None:
        """Keep what an event says beyond its signal."""
        call = self._call
        match event:
            case events.CallNotConnected(outcome) | events.Failed(outcome):
                if self._state not in (State.SENDING_DCN, State.HANGING_UP):
                    call.end_with(outcome)
            case events.Moved() if self._state.phase is Phase.C:
                call.start(Timer.PROGRESS, call.progress_s)
            case events.FlagsHeard():
                self._give_time_for_a_frame()
            case _ if take := self._procedure.takes.get(type(event)):
                take(call, event)
            case _:
                pass

    def _frame(self, frame: Frame) -> None:
        call = self._call
        self._row(Signal.OTHER_FRAME)  # any frame may come, or none
        if frame in call.last_sent:
            self._signal(Signal.ECHO)
            return
        try:
            record = frame.record()
        except RemoteProtocolError:
            self._signal(Signal.DAMAGED)
            return
        call.heard_frames = True
        self._take_note(frame.fcf, record)
        if not frame.final:
            self._give_time_for_a_frame()
        self._signal(signal_of(frame.fcf), frame)

    def _take_note(self, fcf: Fcf | None, record: Record) -> None:
        """Keep what goes along with a DIS, DTC or DCS."""
        call = self._call
        if isinstance(record, StationId) and fcf in (Fcf.CSI, Fcf.TSI, Fcf.CIG):
            if record.text and record.text != call.remote_id:
                call.remote_id = record.text
                call.tell(RemoteIdentified(record.text))
        elif fcf in _NOTES and (text := _text_of(record)) and call.told.get(_NOTES[fcf]) != text:
            call.told[_NOTES[fcf]] = text
            call.tell(RemoteTold(_NOTES[fcf], text))

    def _give_time_for_a_frame(self) -> None:
        """A frame has begun, or another is to follow: what waits for a frame waits for its end now."""
        call = self._call
        for timer in (Timer.T1, Timer.T2, Timer.T4):
            if timer in call.timers and self._state in LISTENING:
                call.timers[timer] = max(call.timers[timer], call.now + call.limits.flagged_s)

    def _row(self, signal: Signal) -> Move:
        row = self._procedure.moves.get((self._state, signal))
        if row is None:
            raise LocalProtocolError(f"{signal.value!r} cannot happen while {self._state.label}")
        return row

    def _signal(self, signal: Signal, frame: Frame | None = None) -> None:
        row = self._row(signal)
        target = row.action(self._call, frame)
        if target is None:
            return
        if target not in row.targets:
            raise LocalProtocolError(f"{signal.value!r} while {self._state.label} may not lead to {target.label}")
        self._enter(target)

    def _enter(self, state: State) -> None:
        call = self._call
        call.stop(Timer.T2, Timer.T4, Timer.BUSY, Timer.STEP)
        if state.phase is not self._state.phase:
            call.tell(PhaseEntered(state.phase))
        self._state = state
        if state not in self._procedure.unbounded:
            call.start(Timer.STEP, call.limits.step_s)
        self._procedure.entries[state](call)
