/* How one command comes to be: its streams, its process, and everything that is set before it begins. */
#ifndef WARDER_SPAWN_H
#define WARDER_SPAWN_H

#include <linux/filter.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"

/* What holds for every command besides what it asks for. */
struct surroundings {
  uint64_t open_files;
  uint64_t file_bytes;
  unsigned short filter_instructions;
  struct sock_filter filter[FILTER_INSTRUCTIONS_MAX];
};

/* What the new process writes when it cannot begin; nothing and the end of the pipe when it could. */
struct spawn_failure {
  int32_t number;
  char step[60];
};

struct spawned {
  pid_t pid;
  /* Our ends, in the order of enum stream; -1 where there is none. All are close-on-exec and never block. */
  int fds[4];
};

/* NULL, or what failed, with errno. */
const char *spawn_command(const struct exec_request *request, const struct surroundings *surroundings,
                          struct spawned *spawned);

/* Lowers a limit; one that is stricter already stays. False, with errno. */
int limit_to(int resource, uint64_t most);

#endif
