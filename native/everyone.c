#define _GNU_SOURCE
#include "everyone.h"
#include "state.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STOP_ROUNDS 60
#define STOP_PAUSE_NS 500000L

struct count count_everyone(void) {
  struct count count = {0, 0};
  DIR *proc = opendir("/proc");
  if (proc == NULL) return (struct count){.all = UINT32_MAX, .running = UINT32_MAX};
  for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, "1") == 0) continue;
    const char state = state_of(entry->d_name);
    if (state == 0) continue;
    count.all += 1;
    if (!stands_still(state)) count.running += 1;
  }
  closedir(proc);
  return count;
}

/*
 * A process that runs on another processor may wake one that was stopped a moment ago, before it is stopped itself.
 * So it is done again until everybody stands; who stands can wake nobody.
 */
struct count stop_everyone(void) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = STOP_PAUSE_NS};
  struct count count = {0, 0};
  for (int round = 0; round < STOP_ROUNDS; round += 1) {
    kill(-1, SIGSTOP);
    count = count_everyone();
    if (count.running == 0) break;
    nanosleep(&pause, NULL);
  }
  return count;
}

void continue_everyone(void) { kill(-1, SIGCONT); }

void kill_everyone(void) { kill(-1, SIGKILL); }
