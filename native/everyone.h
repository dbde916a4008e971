/* What process 1 can do to everybody else in its sandbox at once. */
#ifndef WARDER_EVERYONE_H
#define WARDER_EVERYONE_H

#include <stdint.h>

struct count {
  uint32_t all;
  /* Of these, those that could still run code of their own. */
  uint32_t running;
};

struct count count_everyone(void);
/* Stops everybody and looks whether all stand still. */
struct count stop_everyone(void);
void continue_everyone(void);
void kill_everyone(void);

#endif
