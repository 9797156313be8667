"""The errors that faxmodem raises on purpose.

What happened on the telephone line (busy, a far end that hangs up, a training that fails) is not an error
but an `Outcome` (`faxmodem.t30.outcomes`). An exception is for what keeps the program from doing its work.

    FaxModemError
     +-- PortError            the serial port: cannot be opened, vanished, refuses to be written to
     +-- ModemError           the DCE: refuses a command, does not answer, answers what it may not answer
     |    +-- ClassRefused         it does not take the service class
     |    +-- ModemTimeout         it says nothing
     +-- ProtocolError        T.30; never raised itself
     |    +-- LocalProtocolError    we asked the session for what T.30 forbids now: our own bug
     |    +-- RemoteProtocolError   the far end sent what T.30 forbids
     +-- DocumentError        a file that cannot be turned into pages, or a place that takes no file
     +-- CodecError           coded data or pels that the codec cannot take
     +-- ReportError          a call report that cannot be read, or written
     +-- ProfileError         a firmware profile with an unknown key or a value out of range
     +-- DialError            a telephone number that must not reach a modem
     +-- SettingError         a setting out of its range

Every message is one sentence or two: what was expected, what came, what to try.
"""


class FaxModemError(Exception):
    """Anything that faxmodem raises on purpose."""


class PortError(FaxModemError, OSError):
    """The serial port cannot be opened, was unplugged, or takes no more bytes.

    A modem that is there but does not answer is a `ModemError`.
    """


class ModemError(FaxModemError):
    """The modem refused a command or gave an answer that its class does not know."""


class ClassRefused(ModemError):
    """The modem does not take the service class that it is to work in; it may have another."""


class ModemTimeout(ModemError, TimeoutError):
    """The modem did not answer in time."""


class ProtocolError(FaxModemError):
    """T.30 was not kept to. Never raised itself: see its two children for whose fault it is."""


class LocalProtocolError(ProtocolError):
    """The session was asked for something that T.30 does not allow now: a bug on this side."""


class RemoteProtocolError(ProtocolError):
    """The far end sent bytes that are no T.30 frame, or a frame that has no meaning now."""


class DocumentError(FaxModemError, ValueError):
    """A file cannot be turned into pages: missing, encrypted, truncated, empty, too large, of unknown format."""


class CodecError(FaxModemError, ValueError):
    """The codec was given pels or coded data of an impossible shape."""


class ReportError(FaxModemError, ValueError):
    """A file is no call report, is damaged, was written by a newer program, or cannot be read or written."""


class ProfileError(FaxModemError, ValueError):
    """A firmware profile is not valid: the message names the file, the key and what is allowed."""


class DialError(FaxModemError, ValueError):
    """A telephone number holds characters that must not reach a modem, or none that can be dialled."""


class SettingError(FaxModemError, ValueError):
    """A setting is out of its range: a station id of 30 characters, a rate that no modem has."""
