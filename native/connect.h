/*
 * The way in to a server that listens inside: started as a command of its own in a running sandbox, it connects to a
 * port of the sandbox's loopback and carries bytes both ways. It can do nothing there that any other command could not.
 */
#ifndef WARDER_CONNECT_H
#define WARDER_CONNECT_H

/* Carries standard input and output until the server has said its last; returns the exit code. */
int connect_to(const char *port);

#endif
