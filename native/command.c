#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "outbox.h"
#include "spawn.h"

#define TOLD_AT 16384u
#define END_OF_TRANSMISSION 4

static struct command commands[COMMANDS_MAX];
static struct surroundings surroundings;

void commands_configure(const struct setup *setup) {
  for (uint32_t i = 0; i < COMMANDS_MAX; i += 1)
    for (int stream = 0; stream < STREAMS; stream += 1) commands[i].streams[stream].fd = -1;
  surroundings.open_files = setup->open_files;
  surroundings.file_bytes = setup->file_bytes;
  surroundings.filter_instructions = (unsigned short)setup->filter_instructions;
  memcpy(surroundings.filter, setup->filter, (size_t)setup->filter_instructions * 8);
}

struct command *command_at(uint32_t slot) {
  return slot < COMMANDS_MAX && commands[slot].used ? &commands[slot] : NULL;
}

struct command *command_by_id(uint32_t id) {
  for (uint32_t i = 0; i < COMMANDS_MAX; i += 1)
    if (commands[i].used && commands[i].id == id) return &commands[i];
  return NULL;
}

struct command *command_by_pid(pid_t pid) {
  for (uint32_t i = 0; i < COMMANDS_MAX; i += 1)
    if (commands[i].used && commands[i].pid == pid) return &commands[i];
  return NULL;
}

/* The reason goes along in words of ours, so that the daemon need not know every step. */
static void refuse(uint32_t id, uint32_t number, const char *step) {
  unsigned char body[128];
  const size_t length = strnlen(step, sizeof body - 4);
  for (int i = 0; i < 4; i += 1) body[i] = (unsigned char)(number >> (8 * i));
  memcpy(body + 4, step, length);
  outbox_put(FAILED, id, body, 4 + length);
}

/* A slot is free again when the process is reaped and nobody can send anything more on its account. */
static void release_if_over(struct command *command) {
  if (command->pid != 0 || command->streams[STREAM_OUT].fd >= 0 || command->streams[STREAM_ERR].fd >= 0) return;
  for (int stream = 0; stream < STREAMS; stream += 1) unwatch(&command->streams[stream]);
  command->used = false;
}

static struct command *free_slot(void) {
  for (uint32_t i = 0; i < COMMANDS_MAX; i += 1)
    if (!commands[i].used) return &commands[i];
  return NULL;
}

void command_start(uint32_t id, const struct exec_request *request, bool is_frozen) {
  struct command *command = free_slot();
  if (is_frozen) return refuse(id, EAGAIN, "the sandbox stands still");
  if (command == NULL) return refuse(id, EMFILE, "as many commands as there may be are running");
  if (command_by_id(id) != NULL) return refuse(id, EEXIST, "there is a command of that number");
  struct spawned spawned;
  const char *step = spawn_command(request, &surroundings, &spawned);
  if (step != NULL) return refuse(id, (uint32_t)errno, step);
  command->used = true;
  command->id = id;
  command->pid = spawned.pid;
  command->is_terminal = request->stdio == STDIO_TERMINAL;
  command->is_first = request->stdio == STDIO_INHERITED;
  command->has_started = false;
  for (int stream = 0; stream < STREAMS; stream += 1)
    command->streams[stream] = (struct watched){.fd = spawned.fds[stream], .events = 0};
  command->credit[0] = command->credit[1] = request->window;
  command->untold = 0;
  command->input_ends = false;
  command->input_start = command->input_end = 0;
}

bool command_input(struct command *command, const unsigned char *bytes, uint32_t length) {
  static const unsigned char end[1] = {END_OF_TRANSMISSION};
  const bool is_end = length == 0;
  if (is_end && command->is_terminal) bytes = end, length = 1;
  if (is_end && !command->is_terminal) command->input_ends = true;
  if (command->input_start > 0) {
    memmove(command->input, command->input + command->input_start, command->input_end - command->input_start);
    command->input_end -= command->input_start;
    command->input_start = 0;
  }
  if (length > INPUT_BYTES - command->input_end) return false;
  memcpy(command->input + command->input_end, bytes, length);
  command->input_end += length;
  command_event(command, STREAM_IN);
  return true;
}

static void tell_taken(struct command *command, uint32_t bytes) {
  command->untold += bytes;
  if (command->untold < TOLD_AT) return;
  outbox_put_numbers(TAKEN, command->id, command->untold, 0);
  command->untold = 0;
}

static void pump_input(struct command *command) {
  struct watched *in = &command->streams[STREAM_IN];
  while (command->input_start < command->input_end) {
    const uint32_t waiting = command->input_end - command->input_start;
    const ssize_t done =
        in->fd < 0 ? (ssize_t)waiting : write(in->fd, command->input + command->input_start, waiting);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno == EAGAIN) return;
    if (done < 0) { /* nobody reads: the rest is for nobody */
      if (!command->is_terminal) unwatch(in);
      command->input_start = command->input_end;
      return;
    }
    command->input_start += (uint32_t)done;
    tell_taken(command, (uint32_t)done);
  }
  if (command->input_ends) unwatch(in);
}

static void pump_output(struct command *command, enum stream stream) {
  struct watched *from = &command->streams[stream];
  uint32_t *credit = &command->credit[stream - STREAM_OUT];
  size_t room = outbox_room();
  if (from->fd < 0 || room == 0 || *credit == 0) return;
  if (room > FRAME_DATA_BYTES) room = FRAME_DATA_BYTES;
  if (room > *credit) room = *credit;
  const ssize_t got = read(from->fd, outbox_body(), room);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const uint16_t type = stream == STREAM_OUT ? OUTPUT : ERRORS;
  /* a terminal whose last process has ended answers with an error: to the reader it is the end */
  outbox_commit(type, command->id, got > 0 ? (size_t)got : 0);
  if (got > 0) {
    *credit -= (uint32_t)got;
    return;
  }
  unwatch(from);
  release_if_over(command);
}

/* From here on nothing of ours holds the streams the first command was given open. */
static void let_go_of_stdio(void) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd += 1)
    if (null < 0 || dup3(null, fd, O_CLOEXEC) < 0) close(fd);
  if (null > 2) close(null);
}

static void see_start(struct command *command) {
  struct watched *start = &command->streams[STREAM_START];
  struct spawn_failure failure;
  if (start->fd < 0) return;
  const ssize_t got = read(start->fd, &failure, sizeof failure);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  unwatch(start);
  if (command->is_first) let_go_of_stdio();
  if (got == (ssize_t)sizeof failure) {
    failure.step[sizeof failure.step - 1] = '\0';
    refuse(command->id, (uint32_t)failure.number, failure.step);
    command_detach(command);
    return;
  }
  command->has_started = true;
  outbox_put_numbers(STARTED, command->id, (uint32_t)command->pid, 0);
}

void command_event(struct command *command, enum stream stream) {
  if (stream == STREAM_START) see_start(command);
  if (stream == STREAM_IN) pump_input(command);
  if (stream == STREAM_OUT || stream == STREAM_ERR) pump_output(command, stream);
}

void command_ended(struct command *command, int status) {
  see_start(command);
  command->pid = 0;
  const bool by_signal = WIFSIGNALED(status);
  const uint32_t value = (uint32_t)(by_signal ? WTERMSIG(status) : WEXITSTATUS(status));
  if (command->has_started) outbox_put_numbers(EXITED, command->id, by_signal ? 1 : 0, value);
  /* a terminal is read to its end through the same descriptor that is written to */
  unwatch(&command->streams[STREAM_IN]);
  release_if_over(command);
}

void command_resize(struct command *command, uint16_t columns, uint16_t rows) {
  const struct winsize size = {.ws_row = rows, .ws_col = columns};
  if (command->is_terminal && command->streams[STREAM_OUT].fd >= 0)
    ioctl(command->streams[STREAM_OUT].fd, TIOCSWINSZ, &size);
}

void command_signal(struct command *command, int number, bool whole_session) {
  if (command->pid > 0) kill(whole_session ? -command->pid : command->pid, number);
}

bool command_credit(struct command *command, uint8_t stream, uint32_t bytes) {
  if (stream != STREAM_OUT && stream != STREAM_ERR) return false;
  uint32_t *credit = &command->credit[stream - STREAM_OUT];
  if (bytes > UINT32_MAX - *credit) return false;
  *credit += bytes;
  return true;
}

void command_detach(struct command *command) {
  for (int stream = STREAM_IN; stream <= STREAM_ERR; stream += 1) unwatch(&command->streams[stream]);
  release_if_over(command);
}

void commands_watch(int epoll) {
  const bool has_room = outbox_room() > 0;
  for (uint32_t i = 0; i < COMMANDS_MAX; i += 1) {
    struct command *command = &commands[i];
    if (!command->used) continue;
    const bool wants[STREAMS] = {
        [STREAM_IN] = command->input_start < command->input_end,
        [STREAM_OUT] = has_room && command->credit[0] > 0,
        [STREAM_ERR] = has_room && command->credit[1] > 0,
        [STREAM_START] = true,
    };
    for (uint32_t stream = 0; stream < STREAMS; stream += 1) {
      const uint32_t events = !wants[stream] ? 0 : stream == STREAM_IN ? EPOLLOUT : EPOLLIN;
      watch(epoll, &command->streams[stream], watch_tag(WATCH_COMMAND, i * STREAMS + stream), events);
    }
  }
}
