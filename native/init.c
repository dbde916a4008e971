/*
 * Process 1 of a sandbox: starts commands for the daemon, carries their bytes, reaps who has ended, and stops,
 * continues or ends everybody on one word. It lives as long as the first command and the daemon's end of the control
 * descriptor, whichever goes first; with it the kernel ends everything in the sandbox. It begins when the sandbox is
 * built, says so, and does nothing until it is told to.
 *
 *   init CONTROL-DESCRIPTOR
 *   init --connect PORT        not process 1, but a command like any other: see connect.h
 *
 * Everybody else in the sandbox is the agent's and has the same user. Against them: it is not dumpable, so its memory,
 * descriptors and environment cannot be opened; it is process 1, so their signals do nothing; and it has no command
 * line, file or socket that they could speak to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge.h"
#include "command.h"
#include "connect.h"
#include "everyone.h"
#include "frame.h"
#include "outbox.h"
#include "spawn.h"
#include "watch.h"

#define FAILED_EXIT 125
#define CONTROL 3
#define EVENTS_MAX 64

static struct {
  int epoll;
  struct watched control;
  struct watched children;
  bool is_set_up;
  bool is_frozen;
  /* Somebody asked for the end of everybody, under this number; `before` is how many there were. */
  bool is_ending;
  uint32_t end_id;
  uint32_t before;
  /* The first command, whose end is the end. */
  bool has_first;
  unsigned char inbox[FRAME_HEADER_BYTES + FRAME_BODY_BYTES];
  size_t inbox_bytes;
} init;

static _Noreturn void leave(int code) {
  outbox_flush(CONTROL);
  _exit(code);
}

static _Noreturn void fail(const char *step) {
  fprintf(stderr, "warder-init: %s: %s (errno %d)\n", step, strerror(errno), errno);
  leave(FAILED_EXIT);
}

/* The daemon is gone, or speaks another language: nobody holds the reins, so nobody goes on. */
static _Noreturn void end_everything(void) {
  kill_everyone();
  leave(128 + SIGKILL);
}

static void set_up(const struct frame *frame) {
  struct setup setup;
  if (init.is_set_up || !setup_parse(frame, &setup)) end_everything();
  /* from before there is anybody else: so that nobody of the same user can trace us or open what is ours under /proc.
     Until then the daemon, which may be of that user too, looks at what was built. */
  if (prctl(PR_SET_DUMPABLE, 0) != 0) fail("becoming unreadable");
  if (!limit_to(RLIMIT_CORE, 0) || !limit_to(RLIMIT_NPROC, setup.processes)) fail("limiting processes");
  commands_configure(&setup);
  const char *problem = setup.bridge_port == 0 ? NULL : bridge_open(setup.bridge_port, setup.bridge_socket);
  if (problem != NULL) fail(problem);
  init.is_set_up = true;
  outbox_put_numbers(READY, frame->id, PROTOCOL_VERSION, 0);
}

static void start(const struct frame *frame) {
  static struct exec_request request;
  if (!exec_parse(frame, &request)) end_everything();
  const bool is_first = request.stdio == STDIO_INHERITED;
  if (is_first && init.has_first) end_everything();
  init.has_first |= is_first;
  command_start(frame->id, &request, init.is_frozen || init.is_ending);
  if (is_first && command_by_id(frame->id) == NULL) leave(FAILED_EXIT);
}

static void begin_end(uint32_t id) {
  const struct count count = count_everyone();
  init.before = count.all;
  init.end_id = id;
  init.is_ending = true;
  kill_everyone();
}

static void stop(uint32_t id) {
  init.is_frozen = true;
  const struct count count = stop_everyone();
  outbox_put_numbers(STOPPED, id, count.all, count.running);
}

static void go_on(uint32_t id) {
  init.is_frozen = false;
  continue_everyone();
  outbox_put_numbers(CONTINUED, id, count_everyone().all, 0);
}

/* What is meant for one command. That it has ended meanwhile is no mistake: the two of us speak past each other. */
static void tell_command(const struct frame *frame) {
  struct command *command = command_by_id(frame->id);
  struct cursor cursor = cursor_of(frame);
  if (command == NULL) return;
  bool is_well_formed = true;
  if (frame->type == INPUT) {
    is_well_formed = command_input(command, frame->body, frame->length);
  } else if (frame->type == RESIZE) {
    const uint16_t columns = take_u16(&cursor), rows = take_u16(&cursor);
    if ((is_well_formed = cursor_done(&cursor))) command_resize(command, columns, rows);
  } else if (frame->type == SIGNAL) {
    const uint32_t number = take_u32(&cursor);
    const bool whole_session = take_u8(&cursor) != 0;
    if ((is_well_formed = cursor_done(&cursor))) command_signal(command, (int)number, whole_session);
  } else if (frame->type == CREDIT) {
    const uint8_t stream = take_u8(&cursor);
    const uint32_t bytes = take_u32(&cursor);
    is_well_formed = cursor_done(&cursor) && command_credit(command, stream, bytes);
  } else {
    command_detach(command);
  }
  if (!is_well_formed) end_everything();
}

static void obey(const struct frame *frame) {
  if (!init.is_set_up && frame->type != SETUP) end_everything();
  switch (frame->type) {
    case SETUP: return set_up(frame);
    case EXEC: return start(frame);
    case INPUT:
    case RESIZE:
    case SIGNAL:
    case CREDIT:
    case DETACH: return tell_command(frame);
    case STOP: return stop(frame->id);
    case CONTINUE: return go_on(frame->id);
    case KILL: return begin_end(frame->id);
    case PING: return outbox_put(PONG, frame->id, NULL, 0);
    default: end_everything();
  }
}

static void read_orders(void) {
  if (init.inbox_bytes == sizeof init.inbox) return;
  const ssize_t got = read(CONTROL, init.inbox + init.inbox_bytes, sizeof init.inbox - init.inbox_bytes);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) end_everything();
  init.inbox_bytes += (size_t)got;
}

/* As many as there is room to answer; the rest waits, and with it whoever sent it. */
static void obey_all(void) {
  size_t at = 0;
  while (outbox_takes_receipts()) {
    struct frame frame;
    const enum frame_state state = frame_parse(init.inbox + at, init.inbox_bytes - at, &frame);
    if (state == FRAME_BAD) end_everything();
    if (state == FRAME_INCOMPLETE) break;
    obey(&frame);
    at += FRAME_HEADER_BYTES + frame.length;
  }
  if (at == 0) return;
  memmove(init.inbox, init.inbox + at, init.inbox_bytes - at);
  init.inbox_bytes -= at;
}

static void see_end(pid_t pid, int status) {
  struct command *command = command_by_pid(pid);
  if (command == NULL) return; /* an orphan of somebody's */
  const bool is_first = command->is_first;
  command_ended(command, status);
  if (is_first && !init.is_ending)
    leave(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void reap(void) {
  struct signalfd_siginfo ignored[16];
  while (read(init.children.fd, ignored, sizeof ignored) > 0) continue;
  for (;;) {
    int status;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid > 0) see_end(pid, status);
    if (pid > 0 || (pid < 0 && errno == EINTR)) continue;
    if (pid < 0 && init.is_ending) {
      /* no child is left, and whoever loses its parent becomes our child: nobody is left */
      outbox_put_numbers(KILLED, init.end_id, init.before, 0);
      leave(128 + SIGKILL);
    }
    return;
  }
}

static void handle(const struct epoll_event *event) {
  const uint32_t number = (uint32_t)event->data.u64;
  switch ((enum watch_kind)(event->data.u64 >> 32)) {
    case WATCH_CONTROL:
      if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_orders();
      return;
    case WATCH_CHILDREN: return reap();
    case WATCH_COMMAND: {
      struct command *command = command_at(number / STREAMS);
      if (command != NULL) command_event(command, (enum stream)(number % STREAMS));
      return;
    }
    case WATCH_BRIDGE_DOOR: return bridge_door_event();
    case WATCH_BRIDGE: return bridge_event(number, event->events);
  }
}

static void prepare(int control) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  signal(SIGPIPE, SIG_IGN);
  if (control != CONTROL && dup2(control, CONTROL) < 0) fail("taking the control descriptor");
  /* bubblewrap is not told to die with the daemon: everything ends from here, with the control descriptor or with
     bubblewrap itself. What it leaves before there is a process 1 is ended by the foreman. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("dying with the builder");
  if (syscall(SYS_close_range, CONTROL + 1u, ~0u, 0) != 0) fail("closing inherited descriptors");
  if (fcntl(CONTROL, F_SETFD, FD_CLOEXEC) != 0 || fcntl(CONTROL, F_SETFL, O_RDWR | O_NONBLOCK) != 0)
    fail("setting up the control descriptor");
  if (sigprocmask(SIG_BLOCK, &children, NULL) != 0) fail("blocking a signal");
  init.control = (struct watched){.fd = CONTROL, .events = 0};
  init.children = (struct watched){.fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK), .events = 0};
  outbox_put_numbers(BEGUN, 0, PROTOCOL_VERSION, 0);
  init.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (init.children.fd < 0 || init.epoll < 0) fail("setting up the loop");
}

static void wait_for_events(void) {
  struct epoll_event events[EVENTS_MAX];
  const uint32_t orders = outbox_takes_receipts() ? EPOLLIN : 0;
  const uint32_t sending = outbox_is_empty() ? 0 : EPOLLOUT;
  int problem = watch(init.epoll, &init.control, watch_tag(WATCH_CONTROL, 0), orders | sending);
  problem |= watch(init.epoll, &init.children, watch_tag(WATCH_CHILDREN, 0), EPOLLIN);
  if (problem != 0) end_everything();
  commands_watch(init.epoll);
  bridge_watch(init.epoll);
  const int count = epoll_wait(init.epoll, events, EVENTS_MAX, -1);
  if (count < 0 && errno != EINTR) end_everything();
  for (int i = 0; i < count; i += 1) handle(&events[i]);
  obey_all();
  if (!outbox_flush(CONTROL)) end_everything();
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--connect") == 0) {
    if (prctl(PR_SET_DUMPABLE, 0) != 0) fail("becoming unreadable");
    return connect_to(argv[2]);
  }
  if (argc != 2 || argv[1][0] < '0' || argv[1][0] > '9' || getpid() != 1) {
    fputs("warder-init: is process 1 of a sandbox, and for nothing else\n", stderr);
    return FAILED_EXIT;
  }
  prepare(atoi(argv[1]));
  for (;;) wait_for_events();
}
