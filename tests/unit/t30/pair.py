"""Two sessions back to back over a simulated line.

A `Pair` keeps its own clock, knows how long V.21 frames, trainings, pages and blocks take, and spoils them as its
`Faults` say, from a seed or one by one.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count

from faxmodem.t30 import events
from faxmodem.t30.capabilities import PageInfo, Parameters
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import Session
from tests.unit.t30.ends import GOOD_LINE, SHAPES, End, Faults, Harm, Piece, check, content
from tests.unit.t30.helpers import LIMITS, PAGE, called, calling

TURNAROUND_S = 0.1
PREAMBLE_S = 1.0
V21_BPS = 300
FRAME_OCTETS = 5
"Address, control, FCF and FCS."
TRAINING_S, SHORT_TRAINING_S = 1.4, 0.2
TCF_S = 1.5
FLAGS_S = 0.2
"Before the first frame of a block."
PAGE_S = (9.0, 25.0)
"Shortest and longest page. A shorter one that is lost as a whole cannot be told from a repeated command."


@cache
def _over_the_line(frame: Frame) -> Frame:
    return Frame.parse(frame.build())


class Pair:
    """A caller and a called station on one half-duplex line."""

    def __init__(
        self,
        document: Sequence[PageInfo] = (PAGE,),
        faults: Faults = GOOD_LINE,
        seed: int = 0,
        *,
        caller: Settings | None = None,
        receiver: Settings | None = None,
        polled: Sequence[PageInfo] = (),
        v34: bool = False,
    ) -> None:
        """`document`: what the caller sends; `polled`: what the called station has."""
        self.caller = End(Session(caller or calling(document[0], station_id="+1 555 0123")), document)
        self.called = End(Session(receiver or called(station_id="+49 30 1234")), polled)
        self.v34 = v34
        self.now = 0.0
        self.faults = faults
        self._random = random.Random(seed)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.transmissions = 0
        "How many there have been."
        self._good_until = 0

    @property
    def ends(self) -> tuple[End, End]:
        return self.caller, self.called

    def run(self) -> None:
        """Make the call, to the end of both sessions."""
        for moment, what in ((self.faults.hang_up_at, self._drop), (self.faults.cancel_at, self._cancel)):
            if moment is not None:
                self._at(moment, what)
        for end in self.ends:
            end.session.start(self.now)
            self._serve(end)
        while not all(end.session.done for end in self.ends):
            self._step()

    # --- the clock ---------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        due = [(at, end) for end in self.ends if (at := end.session.deadline()) is not None]
        timer = min(due, key=lambda pair: pair[0], default=None)
        if timer is not None and (not self._queue or timer[0] <= self._queue[0][0]):
            self.now, end = timer
            end.session.expire(self.now)
            self._serve(end)
        else:
            assert self._queue, "nothing will ever happen again"
            self.now, _, action = heapq.heappop(self._queue)
            action()

    def _at(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._order), action))

    def _while(self, end: End, delay: float, action: Callable[[], None]) -> None:
        """Do it unless the station has got another command by then."""
        serial = end.serial
        self._at(delay, lambda: action() if end.serial == serial else None)

    def _tell(self, end: End, event: events.Event) -> None:
        if not end.session.done:
            end.session.receive(event, self.now)
            self._serve(end)

    def _drop(self) -> None:
        for end in self.ends:
            if not end.on_hook and not isinstance(end.command, events.Dial | events.Answer | events.HangUp | None):
                self._tell(end, events.LineLost())

    def _cancel(self) -> None:
        end = self._random.choice(self.ends)
        end.session.cancel(self.now)
        self._serve(end)

    def _happens(self, probability: float) -> bool:
        if not probability or self.transmissions < self._good_until or self._random.random() >= probability:
            return False
        self._good_until = self.transmissions + 1 + self.faults.rest
        return True

    def _transmit(self) -> Harm | None:
        """Count a transmission; gives what is planned to become of it."""
        self.transmissions += 1
        return self.faults.plan.get(self.transmissions)

    # --- the modems --------------------------------------------------------------------------------------------------

    def _serve(self, end: End) -> None:
        """Carry out what the session wants."""
        end.said += end.session.transitions()
        for command in end.session.commands():
            end.command, end.since, end.serial = command, self.now, end.serial + 1
            self._begin(end, command)

    def _begin(self, end: End, command: events.Command) -> None:
        match command:
            case events.Answer():
                self._while(end, 3.0, lambda: self._tell(end, events.CallConnected(self.v34)))
            case events.SendFrames(frames):
                self._send_frames(end, frames)
            case events.SendTraining(modulation):
                self._send_training(end, modulation)
            case events.Choose(candidates):
                self._while(end, 0.2, lambda: self._tell(end, events.Chosen(candidates[0], 60.0)))
            case events.SendPage():
                self._send_page(end, command)
            case events.SendBlock():
                self._send_block(end, command)
            case events.HangUp():
                self._while(end, 0.5, lambda: self._hang_up(end))
            case _:
                self._take_in(end, command)

    def _take_in(self, end: End, command: events.Command) -> None:
        match command:
            case events.ReceivePage():
                end.data, end.frames = [], {}
            case events.ReceiveBlock():
                self._expect_block(end, command)
            case events.StoreBlock(frames=size):
                self._while(end, 0.01, lambda: self._store_block(end, size))
            case events.StorePage():
                self._store_page(end)
            case _:
                pass  # Dial, Listen and ReceiveTraining: the other end's transmissions find them

    def _other(self, end: End) -> End:
        return self.called if end is self.caller else self.caller

    def _hang_up(self, end: End) -> None:
        end.on_hook = True
        self._tell(end, events.HungUp())
        self._at(2.0, lambda: self._lose_line(self._other(end)))

    def _lose_line(self, end: End) -> None:
        if isinstance(end.command, events.Dial):
            self._tell(end, events.CallNotConnected(Outcome.NO_ANSWER))
        elif isinstance(end.command, events.Answer):
            self._tell(end, events.CallNotConnected(Outcome.NOT_A_FAX))
        elif not end.on_hook:
            self._tell(end, events.LineLost())

    # --- frames in V.21 ----------------------------------------------------------------------------------------------

    def _send_frames(self, end: End, frames: tuple[Frame, ...]) -> None:
        harm, at = self._transmit(), TURNAROUND_S
        lost = harm is Harm.LOST or self._happens(self.faults.lose)
        end.sent += [frame.fcf for frame in frames]
        if not lost:
            self._while(end, at + 0.2, lambda: self._flags(self._other(end)))
        at += PREAMBLE_S
        for frame in frames:
            begin, at = self.now + at, at + (FRAME_OCTETS + len(frame.fif)) * 8 / V21_BPS
            if not lost:
                self._while(end, at, lambda frame=frame, begin=begin: self._frame(self._other(end), frame, begin, harm))  # type: ignore[misc]
        self._while(end, at + 0.01, lambda: self._sent(end, frames))

    def _sent(self, end: End, frames: tuple[Frame, ...]) -> None:
        self._tell(end, events.Sent())
        if self._happens(self.faults.echo):
            begin = self.now
            for frame in frames:
                self._at(0.5, lambda frame=frame: self._frame(end, frame, begin, None))  # type: ignore[misc]

    def _flags(self, end: End) -> None:
        match end.command:
            case events.Dial():
                self._tell(end, events.CallConnected(self.v34))
            case events.Listen():
                self._tell(end, events.FlagsHeard())
            case events.ReceivePage() | events.ReceiveTraining() | events.ReceiveBlock():
                if not self._random.random() < self.faults.deaf_to_v21:
                    self._tell(end, events.WrongCarrier())
            case _:
                pass

    def _frame(self, end: End, frame: Frame, begin: float, harm: Harm | None) -> None:
        if not isinstance(end.command, events.Listen) or end.since > begin:
            return
        if harm is Harm.SPOILT or self._happens(self.faults.damage):
            self._tell(end, events.FrameDamaged())
            return
        end.heard.append(frame.fcf)
        self._tell(end, events.FrameReceived(_over_the_line(frame)))
        if self._happens(self.faults.repeat):
            self._at(0.2, lambda: self._frame(end, frame, begin, None))

    # --- training ----------------------------------------------------------------------------------------------------

    def _send_training(self, end: End, modulation: Modulation) -> None:
        begin, harm = self.now, self._transmit()
        duration = TURNAROUND_S + TRAINING_S + TCF_S
        if harm is not Harm.LOST:
            self._while(end, duration, lambda: self._training(self._other(end), modulation, begin, harm))
        self._while(end, duration + 0.01, lambda: self._tell(end, events.Sent()))

    def _training(self, end: End, modulation: Modulation, begin: float, harm: Harm | None) -> None:
        if _listens_for(end.command, modulation) and end.since <= begin + TURNAROUND_S:
            good = harm is None and not self._happens(self.faults.bad_tcf)
            self._tell(end, events.TrainingReceived(good=good))
        else:
            self._fast_carrier(end)

    def _fast_carrier(self, end: End) -> None:
        if isinstance(end.command, events.Listen) and not self._random.random() < self.faults.deaf_to_fast:
            self._tell(end, events.WrongCarrier())

    # --- pages and blocks --------------------------------------------------------------------------------------------

    def _send_page(self, end: End, sending: events.SendPage) -> None:
        begin, harm = self.now, self._transmit()
        lost = harm is Harm.LOST or self._happens(self.faults.lose_page)
        duration = TURNAROUND_S + 0.2 + self._random.uniform(*PAGE_S)
        for moment in range(1, int(duration), 2):
            self._while(end, moment, lambda: self._moved(end, begin, lost=lost))
        self._while(end, duration, lambda: self._page(end, sending, begin, harm, lost=lost))

    def _hears_page(self, end: End, parameters: Parameters, begin: float) -> bool:
        expected = isinstance(end.command, events.ReceivePage) and end.command.parameters == parameters
        return expected and end.since <= begin + TURNAROUND_S

    def _moved(self, end: End, begin: float, *, lost: bool) -> None:
        sending, other = end.command, self._other(end)
        assert isinstance(sending, events.SendPage | events.SendBlock)
        self._tell(end, events.Moved())
        if not lost and (
            self._hears_page(other, sending.parameters, begin) or self._hears_block(other, sending, begin)
        ):
            self._tell(other, events.Moved())
        else:
            self._fast_carrier(other)

    def _following(self, end: End, page: int) -> PageInfo | None:
        return end.document[page] if page < len(end.document) else None

    def _page(self, end: End, sending: events.SendPage, begin: float, harm: Harm | None, *, lost: bool) -> None:
        other = self._other(end)
        if not lost and self._hears_page(other, sending.parameters, begin):
            other.data = content(sending.page, ecm=False) if harm is None else []
            self._tell(other, events.PageReceived())
        self._tell(end, events.PageSent(self._following(end, sending.page)))

    def _send_block(self, end: End, sending: events.SendBlock) -> None:
        begin, harm, modulation = self.now, self._transmit(), sending.parameters.modulation
        end.bursts.append(sending)
        pieces = [piece for piece in content(sending.page, ecm=True) if piece[1] == sending.block]
        burst = [pieces[n] for n in sending.frames] or pieces
        lost = harm is Harm.LOST or self._happens(self.faults.lose_page)
        whole = [piece for piece in self._spoil(burst) if harm is not Harm.SPOILT or piece[2] % 2]
        training = SHORT_TRAINING_S if modulation.has_short_training and not sending.long_training else TRAINING_S
        duration = (
            TURNAROUND_S + training + 0.2 + len(burst) * 8.5 * sending.parameters.ecm_octets / modulation.rate_bps
        )
        for moment in range(1, int(duration), 2):
            self._while(end, moment, lambda: self._moved(end, begin, lost=lost))
        self._while(end, duration, lambda: self._block(end, sending, begin, whole, lost=lost))

    def _spoil(self, burst: list[Piece]) -> list[Piece]:
        if self._happens(self.faults.lose_run):
            start, stop = sorted(self._random.choices(range(len(burst) + 1), k=2))
            burst = burst[:start] + burst[stop:]
        share = self.faults.lose_frames
        return [piece for piece in burst if self._random.random() >= share] if share else burst

    def _hears_block(self, end: End, sending: events.SendPage | events.SendBlock, begin: float) -> bool:
        """True if its modem waits for this very carrier: modulation and length of training."""
        expected = end.command
        if not isinstance(expected, events.ReceiveBlock) or not isinstance(sending, events.SendBlock):
            return False
        modulation = sending.parameters.modulation
        trains_alike = not modulation.has_short_training or expected.long_training == sending.long_training
        is_for_it = expected.parameters.modulation is modulation and trains_alike
        return is_for_it and end.since <= begin + TURNAROUND_S

    def _block(self, end: End, sending: events.SendBlock, begin: float, whole: list[Piece], *, lost: bool) -> None:
        other = self._other(end)
        if not lost and self._hears_block(other, sending, begin):
            for piece in whole:
                other.frames.setdefault(piece[2], piece)
            self._tell(other, events.BlockReceived(frozenset(piece[2] for piece in whole)))
        shape = SHAPES[(sending.page - 1) % len(SHAPES)]
        more = sending.block + 1 < len(shape)
        following = None if more else self._following(end, sending.page)
        self._tell(end, events.BlockSent(shape[sending.block], more, following))

    @staticmethod
    def _expect_block(end: End, expected: events.ReceiveBlock) -> None:
        if not expected.again:
            end.frames = {}
            if expected.block == 0:
                end.data = []

    def _store_block(self, end: End, size: int) -> None:
        end.data += [end.frames[n] for n in range(size) if n in end.frames]
        end.frames = {}
        self._tell(end, events.BlockStored())

    def _store_page(self, end: End) -> None:
        delay, page, verdict = 0.3, end.data, events.Verdict.GOOD
        if self._happens(self.faults.slow_disk):
            delay = self._random.choice((2.0, 5.0, 20.0, 90.0))
        if not page or self._happens(self.faults.bad_page):
            verdict = events.Verdict.BAD
        elif self._random.random() < self.faults.poor_page:
            verdict = events.Verdict.POOR
        end.data = []
        self._at(delay, lambda: self._stored(end, page, verdict))  # beside the commands that follow

    def _stored(self, end: End, page: list[Piece], verdict: events.Verdict) -> None:
        if end.session.done:
            return
        if verdict is not events.Verdict.BAD:
            end.stored.append(page)
        self._tell(end, events.PageStored(verdict, 1000 * len(end.stored)))


def call(document: Sequence[PageInfo], faults: Faults = GOOD_LINE, seed: int = 0, **more: object) -> Pair:
    """A call that has been made, and checked."""
    pair = Pair(document, faults, seed, **more)  # type: ignore[arg-type]
    pair.run()
    check(pair.caller, pair.called)
    assert pair.now < LIMITS.call_s
    return pair


def _listens_for(command: events.Command | None, modulation: Modulation) -> bool:
    return isinstance(command, events.ReceiveTraining) and command.modulation is modulation


def outcomes(pair: Pair) -> list[Outcome | None]:
    """How it ended for the caller and for the called station."""
    return [end.session.outcome for end in pair.ends]
