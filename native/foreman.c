#define _GNU_SOURCE
#include "foreman.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED_EXIT 125
#define BUILDERS_MAX 4096
/* The kernel hands over no more at once. */
#define DESCRIPTORS_AT_ONCE 253
#define DESCRIPTORS_MAX 8192
#define ORDER_WORDS_MAX 8192

static struct {
  int socket;
  int children;
  /* Where the kernel lists our children; it need not. */
  char listed[64];
  struct {
    pid_t pid;
    uint32_t id;
  } builders[BUILDERS_MAX];
  size_t builder_count;
  /* What has come for the next start; the first of them holds its words. */
  int given[DESCRIPTORS_MAX];
  size_t given_count;
} foreman;

static _Noreturn void fail(const char *step) {
  fprintf(stderr, "warder-launcher: %s: %s (errno %d)\n", step, strerror(errno), errno);
  _exit(FAILED_EXIT);
}

/* --- those nobody asked for ------------------------------------------------------------------------------------ */

static bool is_builder(pid_t pid) {
  for (size_t i = 0; i < foreman.builder_count; i += 1)
    if (foreman.builders[i].pid == pid) return true;
  return false;
}

static void end_unless_builder(pid_t pid) {
  if (pid > 0 && !is_builder(pid)) kill(pid, SIGKILL);
}

/* Where the kernel keeps no list of children: everybody's parent is looked at. */
static void end_strays_slowly(void) {
  char path[64], text[512];
  for (pid_t pid = 2; pid < 1 << 22; pid += 1) {
    if (kill(pid, 0) != 0 && errno == ESRCH) continue;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) continue;
    text[got] = '\0';
    const char *after = strrchr(text, ')');
    int parent = 0;
    if (after != NULL && sscanf(after + 1, " %*c %d", &parent) == 1 && parent == getpid()) end_unless_builder(pid);
  }
}

/*
 * A child that is no builder is what a builder left: half a sandbox that waits for one who is dead. It is nobody's, and
 * nothing of the agent's runs in it. Its end is its namespace's end.
 */
static void end_strays(void) {
  FILE *list = fopen(foreman.listed, "re");
  if (list == NULL) return end_strays_slowly();
  int pid;
  while (fscanf(list, "%d", &pid) == 1) end_unless_builder(pid);
  fclose(list);
}

/* The daemon is gone, and with it everybody's reason to be. */
static _Noreturn void end_everybody(void) {
  foreman.builder_count = 0;
  do {
    end_strays();
    /* who is waited for may leave somebody: looked at again until there is no child at all */
  } while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
  _exit(0);
}

/* --- what is said --------------------------------------------------------------------------------------------- */

static void say(uint32_t kind, uint32_t id, uint32_t value) {
  const struct foreman_word word = {.kind = kind, .id = id, .value = value};
  ssize_t sent;
  do sent = send(foreman.socket, &word, sizeof word, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent != (ssize_t)sizeof word) end_everybody();
}

static void let_go(void) {
  for (size_t i = 0; i < foreman.given_count; i += 1) close(foreman.given[i]);
  foreman.given_count = 0;
}

/* --- one start ------------------------------------------------------------------------------------------------ */

static void signals_as_they_were(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number += 1) signal(number, SIG_DFL);
  if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) fail("letting signals through");
}

/* They come to stand at 0, 1, 2, ... in the order they were sent in; the words, which came first, at none. */
static void place_descriptors(void) {
  const int count = (int)foreman.given_count - 1;
  int *given = foreman.given + 1;
  for (int i = 0; i < count; i += 1) {
    /* out of the way of those that will be placed */
    if (given[i] < count) given[i] = fcntl(given[i], F_DUPFD_CLOEXEC, count);
    if (given[i] < 0) fail("placing a descriptor");
  }
  for (int i = 0; i < count; i += 1)
    if (dup2(given[i], i) < 0) fail("placing a descriptor");
}

static char *read_words(int fd, size_t *length) {
  struct stat st;
  if (fstat(fd, &st) != 0) fail("reading the order");
  *length = (size_t)st.st_size;
  char *text = malloc(*length + 1);
  if (text == NULL) fail("reading the order");
  for (size_t at = 0; at < *length;) {
    const ssize_t got = pread(fd, text + at, *length - at, (off_t)at);
    if (got == 0) errno = EIO;
    if (got <= 0) fail("reading the order");
    at += (size_t)got;
  }
  text[*length] = '\0';
  return text;
}

static unsigned long number_of(const char *text) {
  char *end = NULL;
  errno = 0;
  const unsigned long value = strtoul(text, &end, 10);
  if (errno == 0 && (end == text || *end != '\0')) errno = EINVAL;
  if (errno != 0) fail("reading a number of the order");
  return value;
}

/* To be root and to start somebody who is not: nothing of root's must go along, its groups neither. */
static void become_user(const char *uid, const char *gid) {
  if (*uid == '-') return;
  if (setgroups(0, NULL) != 0) fail("leaving all groups");
  if (setgid((gid_t)number_of(gid)) != 0) fail("becoming the group");
  if (setuid((uid_t)number_of(uid)) != 0) fail("becoming the user");
}

/* The words: umask, user or "-", group or "-", and then those of the launcher. */
static _Noreturn void begin(void (*become)(int argc, char **argv)) {
  static char *words[ORDER_WORDS_MAX + 1];
  size_t length = 0;
  int count = 0;
  /* first, so that whoever waits hears on descriptor 2 what went wrong; the words may be overwritten by it */
  const int order = fcntl(foreman.given[0], F_DUPFD_CLOEXEC, (int)foreman.given_count);
  if (order < 0) fail("taking the order");
  place_descriptors();
  signals_as_they_were();
  char *text = read_words(order, &length);
  for (char *at = text; at < text + length; at += strlen(at) + 1) {
    if (count == ORDER_WORDS_MAX) errno = E2BIG, fail("reading the order");
    words[count++] = at;
  }
  if (count < 4) errno = EINVAL, fail("reading the order");
  umask((mode_t)number_of(words[0]));
  become_user(words[1], words[2]);
  become(count - 3, words + 3);
  _exit(FAILED_EXIT);
}

static void start(uint32_t id, void (*become)(int argc, char **argv)) {
  if (foreman.given_count < 4 || foreman.builder_count == BUILDERS_MAX) {
    let_go();
    return say(FOREMAN_FAILED, id, foreman.builder_count == BUILDERS_MAX ? EAGAIN : EINVAL);
  }
  const pid_t pid = fork();
  if (pid == 0) begin(become);
  const int problem = errno;
  let_go();
  if (pid < 0) return say(FOREMAN_FAILED, id, (uint32_t)problem);
  foreman.builders[foreman.builder_count].pid = pid;
  foreman.builders[foreman.builder_count++].id = id;
  say(FOREMAN_STARTED, id, (uint32_t)pid);
}

/* --- the loop ------------------------------------------------------------------------------------------------- */

static void end_builder(uint32_t id) {
  for (size_t i = 0; i < foreman.builder_count; i += 1)
    if (foreman.builders[i].id == id) kill(foreman.builders[i].pid, SIGKILL);
}

static void forget(size_t at, int status) {
  const uint32_t id = foreman.builders[at].id;
  foreman.builders[at] = foreman.builders[--foreman.builder_count];
  /* before it is told: whoever hears that a builder is gone finds nothing left of it */
  end_strays();
  say(FOREMAN_ENDED, id, (uint32_t)status);
}

static void reap(void) {
  struct signalfd_siginfo ignored[16];
  int status;
  pid_t pid;
  while (read(foreman.children, ignored, sizeof ignored) > 0) continue;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
    for (size_t i = 0; i < foreman.builder_count; i += 1) {
      if (foreman.builders[i].pid != pid) continue;
      forget(i, status);
      break;
    }
  }
}

/* Takes the descriptors that came along; true when there are as many as were told of. */
static bool take(struct msghdr *message, uint32_t told) {
  size_t count = 0;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return false;
    count += (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (foreman.given_count + count > DESCRIPTORS_MAX) return false;
    memcpy(foreman.given + foreman.given_count, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
  }
  foreman.given_count += count;
  /* fewer than told: the kernel could not open all of them here, and which are missing is not known */
  return (message->msg_flags & MSG_CTRUNC) == 0 && count == told;
}

static void obey(void (*become)(int argc, char **argv)) {
  struct foreman_word word;
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int) * DESCRIPTORS_AT_ONCE)];
  } control;
  struct iovec part = {.iov_base = &word, .iov_len = sizeof word};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  const ssize_t got = recvmsg(foreman.socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got != (ssize_t)sizeof word) end_everybody();
  if (word.kind == FOREMAN_KILL) return end_builder(word.id);
  if (word.kind != FOREMAN_PART && word.kind != FOREMAN_START) end_everybody();
  if (!take(&message, word.value)) {
    let_go();
    if (word.kind == FOREMAN_PART) end_everybody();
    return say(FOREMAN_FAILED, word.id, EMFILE);
  }
  if (word.kind == FOREMAN_START) start(word.id, become);
}

/* What stops a terminal's programs does not stop this one: it ends when the daemon does, after all it started. */
static void prepare(int socket) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  foreman.socket = socket;
  snprintf(foreman.listed, sizeof foreman.listed, "/proc/self/task/%d/children", (int)getpid());
  for (int number = 1; number < NSIG; number += 1)
    if (number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM || number == SIGPIPE)
      signal(number, SIG_IGN);
  /* it starts whatever it is told to: nobody of the same user shall take over its socket */
  if (prctl(PR_SET_DUMPABLE, 0) != 0) fail("becoming unreadable");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("taking in orphans");
  if (fcntl(socket, F_SETFD, FD_CLOEXEC) != 0) fail("taking the socket");
  if (sigprocmask(SIG_BLOCK, &children, NULL) != 0) fail("blocking a signal");
  foreman.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (foreman.children < 0) fail("watching children");
}

_Noreturn void foreman_serve(int socket, void (*become)(int argc, char **argv)) {
  prepare(socket);
  for (;;) {
    struct pollfd waited[] = {{.fd = socket, .events = POLLIN}, {.fd = foreman.children, .events = POLLIN}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) end_everybody();
    if (waited[1].revents != 0) reap();
    if (waited[0].revents != 0) obey(become);
  }
}
