"""spandsp's modem and fax machine as a far end, in virtual time: everything is real but the wait.

What was seen of version 0.0.6, and must not be taken for a fault of ours:

- The modem's only flow control is CTS, by callback; what is written into its full buffer of 4096 octets is lost.
- An `ALERTING` event makes it say RING, also when it is the caller: an outgoing call knows `CONNECTED` alone.
- Its V.17 with short training does not lock at some levels (signals 15 to 22 dB weaker than sent, an echo less than
  30 dB down after 100 ms or more, noise of -58 dBm0 now and then): the page is not heard although TCF was. Two
  machines fail there in the same way.
- 20 ms of silence end a page carrier: the rest of the page, or of the block, is not heard.
- +FRH=3 after a V.21 carrier that broke off answers CONNECT at once; the carrier's end brings no result, the next one
  a second CONNECT.
- Noise above some -50 dBm0 is no silence to it: +FRS does not end, and carriers do not seem to.
- The machine as sender takes RTN after EOP for a good end: it sends DCN and reports OK.
- The machine as receiver that hears no good PPS goes back to DIS after T2; now and then a called machine never ends.
- It sends TSI always, and steps down through every rate of its modulations, one for each FTT.
- It writes received pages with one strip of 4294967295 rows to a strip; libtiff does not mind.
"""
