/* The commands of a sandbox: how one begins, and the bytes that flow in and out of it. */
#ifndef WARDER_COMMAND_H
#define WARDER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "watch.h"

#define COMMANDS_MAX 64
#define INPUT_BYTES (64u * 1024u)

enum stream { STREAM_IN, STREAM_OUT, STREAM_ERR, STREAM_START, STREAMS };

struct command {
  bool used;
  uint32_t id;
  /* 0 once it was reaped: from then on the number may be another's. */
  pid_t pid;
  bool is_terminal;
  bool is_first;
  bool has_started;
  struct watched streams[STREAMS];
  uint32_t credit[2];
  /* Taken from the input but not yet told. */
  uint32_t untold;
  bool input_ends;
  uint32_t input_start, input_end;
  unsigned char input[INPUT_BYTES];
};

/* What every command gets; from SETUP. */
void commands_configure(const struct setup *setup);
/* Starts one; an answer is put into the outbox in any case. */
void command_start(uint32_t id, const struct exec_request *request, bool is_frozen);
struct command *command_by_id(uint32_t id);
struct command *command_by_pid(pid_t pid);
struct command *command_at(uint32_t slot);

/* False: more came than was granted. */
bool command_input(struct command *command, const unsigned char *bytes, uint32_t length);
void command_resize(struct command *command, uint16_t columns, uint16_t rows);
void command_signal(struct command *command, int number, bool whole_session);
bool command_credit(struct command *command, uint8_t stream, uint32_t bytes);
/* Nobody listens any more: streams are closed, and the command goes on without them. */
void command_detach(struct command *command);
void command_event(struct command *command, enum stream stream);
/* It has ended; `status` as waitpid tells it. */
void command_ended(struct command *command, int status);
/* Says what to wait for now. */
void commands_watch(int epoll);

#endif
