#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST_SIGNAL 64

int limit_to(int resource, uint64_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return 0;
  if (now.rlim_max <= most) return 1;
  const struct rlimit wanted = {.rlim_cur = most, .rlim_max = most};
  return setrlimit(resource, &wanted) == 0;
}

static _Noreturn void give_up(int report, const char *step) {
  struct spawn_failure failure = {.number = errno, .step = ""};
  strncpy(failure.step, step, sizeof failure.step - 1);
  const ssize_t ignored = write(report, &failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

/* A command begins as if nobody had been there before it: no handler, nothing blocked, a session of its own. */
static void start_afresh(int report) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number <= LAST_SIGNAL; number += 1) signal(number, SIG_DFL);
  if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) give_up(report, "unblocking signals");
  if (setsid() < 0) give_up(report, "making a session");
}

static void take_streams(const struct exec_request *request, const int inner[3], int report) {
  if (request->stdio != STDIO_INHERITED)
    for (int fd = 0; fd < 3; fd += 1)
      if (dup2(inner[fd], fd) < 0) give_up(report, "handing on its streams");
  /* the first command has a terminal only where its standard input is one */
  const int has_terminal = request->stdio == STDIO_TERMINAL || isatty(0);
  if (has_terminal && ioctl(0, TIOCSCTTY, 0) != 0) give_up(report, "taking its terminal");
}

static void set_surroundings(const struct surroundings *surroundings, int report) {
  if (!limit_to(RLIMIT_CORE, 0) || !limit_to(RLIMIT_FSIZE, surroundings->file_bytes) ||
      !limit_to(RLIMIT_NOFILE, surroundings->open_files))
    give_up(report, "setting a limit");
  if (surroundings->filter_instructions == 0) return;
  const struct sock_fprog program = {.len = surroundings->filter_instructions,
                                     .filter = (struct sock_filter *)surroundings->filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    give_up(report, "loading the system call filter");
}

static _Noreturn void become(const struct exec_request *request, const struct surroundings *surroundings,
                             const int inner[3], int report) {
  start_afresh(report);
  take_streams(request, inner, report);
  umask((mode_t)request->umask & 0777);
  if (chdir(request->cwd) != 0) give_up(report, "entering its directory");
  /* all of ours are marked already; this is for those nobody thought of */
  if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) != 0)
    give_up(report, "closing inherited descriptors");
  environ = (char **)request->envp;
  set_surroundings(surroundings, report);
  execvpe(request->argv[0], (char *const *)request->argv, (char *const *)request->envp);
  give_up(report, "running it");
}

static void close_all(const int *fds, int count) {
  for (int i = 0; i < count; i += 1)
    if (fds[i] >= 0) close(fds[i]);
}

static const char *open_terminal(const struct exec_request *request, struct spawned *spawned, int inner[3]) {
  const int unlock = 0;
  const struct winsize size = {.ws_row = request->rows, .ws_col = request->columns};
  const int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) return "opening a terminal";
  spawned->fds[1] = master;
  spawned->fds[0] = fcntl(master, F_DUPFD_CLOEXEC, 3);
  if (spawned->fds[0] < 0 || ioctl(master, TIOCSPTLCK, &unlock) != 0 || ioctl(master, TIOCSWINSZ, &size) != 0)
    return "setting up a terminal";
  inner[0] = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (inner[0] < 0) return "opening the other side of a terminal";
  inner[1] = inner[2] = inner[0];
  return NULL;
}

static int never_block(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static const char *open_pipes(struct spawned *spawned, int inner[3]) {
  for (int stream = 0; stream < 3; stream += 1) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "making a pipe";
    const int ours = stream == 0 ? 1 : 0;
    spawned->fds[stream] = ends[ours];
    inner[stream] = ends[1 - ours];
    if (never_block(ends[ours]) != 0) return "setting up a pipe";
  }
  return NULL;
}

static void close_inner(const int inner[3]) {
  if (inner[0] == inner[1]) close_all(inner, 1);
  else close_all(inner, 3);
}

const char *spawn_command(const struct exec_request *request, const struct surroundings *surroundings,
                          struct spawned *spawned) {
  int inner[3] = {-1, -1, -1};
  int report[2];
  *spawned = (struct spawned){.pid = 0, .fds = {-1, -1, -1, -1}};
  if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0) return "making a pipe";
  spawned->fds[3] = report[0];
  const char *problem = request->stdio == STDIO_TERMINAL ? open_terminal(request, spawned, inner)
                        : request->stdio == STDIO_PIPES  ? open_pipes(spawned, inner)
                                                         : NULL;
  if (problem == NULL) {
    /* a copy of us until it begins, and as unreadable as we are: see main */
    spawned->pid = fork();
    if (spawned->pid == 0) become(request, surroundings, inner, report[1]);
    if (spawned->pid < 0) problem = "starting a process";
  }
  const int number = errno;
  close(report[1]);
  close_inner(inner);
  if (problem != NULL) close_all(spawned->fds, 4);
  errno = number;
  return problem;
}
