/*
 * The one that starts builders for the daemon and outlives each of them. A small process: to start one from here takes
 * a tenth of what it takes from the daemon's own. And whatever a builder leaves behind when it is killed between two of
 * its steps becomes a child of this one, and is ended.
 */
#ifndef WARDER_FOREMAN_H
#define WARDER_FOREMAN_H

#include <stdint.h>

/* What is said on the socket, both ways: three numbers, little-endian as the machine is. */
struct foreman_word {
  uint32_t kind;
  uint32_t id;
  /* PART and START: how many descriptors come with it; STARTED: the builder's number; ENDED: as waitpid tells it;
     FAILED: the error number. */
  uint32_t value;
};

enum foreman_kind {
  /* to it: descriptors, of which more come; the last of them, and begin; end that builder */
  FOREMAN_PART = 1,
  FOREMAN_START = 2,
  FOREMAN_KILL = 3,
  /* from it */
  FOREMAN_STARTED = 64,
  FOREMAN_FAILED = 65,
  FOREMAN_ENDED = 66,
};

/* Serves until the daemon's end is closed; then ends everybody it started. `become` gets the words of one start, as if
   they had been the program's own, in a process of its own. */
_Noreturn void foreman_serve(int socket, void (*become)(int argc, char **argv));

#endif
