/* What a process is doing, as /proc tells it. */
#ifndef WARDER_STATE_H
#define WARDER_STATE_H

#include <stdbool.h>

/* The state letter of the process of this number, or 0 when nothing of it is left, not even a thread. */
char state_of(const char *pid);
/* Whether it can run no code of its own until it is told to go on. */
bool stands_still(char state);

#endif
