"""One telephone call: joins a T.30 session, a modem and a document."""
