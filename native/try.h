/* What a program does that knows nothing of proxies, for who tries out whether it gets through. */
#ifndef WARDER_TRY_H
#define WARDER_TRY_H

/* Asks for the name, connects to what is answered, and prints what is said there; then what became of a packet to
   somewhere else. Returns an exit code: 0 when there was a connection. */
int try_out(const char *name, const char *port);

#endif
