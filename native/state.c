#define _GNU_SOURCE
#include "state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Stopped, or waiting in the kernel without being able to return before the stop is obeyed. */
bool stands_still(char state) { return state == 'T' || state == 't' || state == 'D'; }

/* The state letter of a stat file, or 0 when there is none. */
static char state_in(const char *path) {
  char text[512];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = '\0';
  /* the name stands in brackets and may hold anything, brackets too */
  const char *bracket = strrchr(text, ')');
  return bracket != NULL && bracket[1] == ' ' ? bracket[2] : 0;
}

/* A process whose first thread has ended looks dead, and goes on with the others: T when all of them stand, or R. */
static char state_of_threads(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%.20s/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return 0;
  char all = 0;
  for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
    if (task->d_name[0] < '1' || task->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/stat", pid, task->d_name);
    const char state = state_in(path);
    if (state == 0 || state == 'Z' || state == 'X') continue;
    if (all != 'R') all = stands_still(state) ? 'T' : 'R';
  }
  closedir(tasks);
  return all;
}

/* The state of a process, or 0 when nothing of it is left. */
char state_of(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  const char state = state_in(path);
  return state == 'Z' || state == 'X' ? state_of_threads(pid) : state;
}
