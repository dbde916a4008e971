/*
 * What the daemon and process 1 of a sandbox say to each other: frames on one stream socket.
 *
 * A frame is a header of 12 bytes and a body; all numbers are little-endian. README.md holds the table of all frames.
 * Nothing in these two files touches the machine: they read bytes from memory, and everything read is bounded.
 */
#ifndef WARDER_FRAME_H
#define WARDER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 1
#define FRAME_HEADER_BYTES 12
/* A command line with its environment; the kernel itself takes little more by default. */
#define FRAME_BODY_BYTES (1024u * 1024u)
/* The body of a frame that carries data. */
#define FRAME_DATA_BYTES (32u * 1024u)
#define WORDS_MAX 16384u
#define FILTER_INSTRUCTIONS_MAX 4096u

enum frame_type {
  /* to process 1 */
  SETUP = 1,
  EXEC = 2,
  INPUT = 3,
  RESIZE = 4,
  SIGNAL = 5,
  STOP = 6,
  CONTINUE = 7,
  KILL = 8,
  PING = 9,
  CREDIT = 10,
  DETACH = 11,
  /* from process 1 */
  READY = 64,
  STARTED = 65,
  FAILED = 66,
  OUTPUT = 67,
  ERRORS = 68,
  EXITED = 69,
  STOPPED = 70,
  CONTINUED = 71,
  KILLED = 72,
  PONG = 73,
  TAKEN = 74,
  BEGUN = 75,
};

struct frame {
  uint16_t type;
  uint32_t id;
  uint32_t length;
  const unsigned char *body;
};

enum frame_state { FRAME_INCOMPLETE, FRAME_COMPLETE, FRAME_BAD };

/* Looks whether a whole frame stands at the start of `bytes`. */
enum frame_state frame_parse(const unsigned char *bytes, size_t have, struct frame *frame);

/* Writes a header; the body follows at FRAME_HEADER_BYTES. */
void frame_header(unsigned char *bytes, uint16_t type, uint32_t id, uint32_t length);

/* Reads one value after the other; after the first that does not fit, `failed` stays true and all are zero. */
struct cursor {
  const unsigned char *at;
  const unsigned char *end;
  bool failed;
};

struct cursor cursor_of(const struct frame *frame);
uint8_t take_u8(struct cursor *cursor);
uint16_t take_u16(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
/* A length, that many bytes without a NUL, and a NUL; NULL when it is anything else. Points into the frame. */
const char *take_text(struct cursor *cursor);
/* True when everything was read and nothing is left. */
bool cursor_done(const struct cursor *cursor);

enum stdio { STDIO_INHERITED = 0, STDIO_PIPES = 1, STDIO_TERMINAL = 2 };

struct exec_request {
  enum stdio stdio;
  uint16_t columns;
  uint16_t rows;
  uint32_t umask;
  /* Bytes of output that may be on their way, for each of the two streams. */
  uint32_t window;
  const char *cwd;
  uint32_t argc;
  uint32_t envc;
  /* Both end with NULL. */
  const char *argv[WORDS_MAX + 1];
  const char *envp[WORDS_MAX + 1];
};

bool exec_parse(const struct frame *frame, struct exec_request *request);

struct setup {
  uint64_t processes;
  uint64_t open_files;
  uint64_t file_bytes;
  /* 0: no bridge. */
  uint16_t bridge_port;
  const char *bridge_socket;
  /* A further system call filter for commands, as struct sock_filter after struct sock_filter; may be empty. */
  const unsigned char *filter;
  uint32_t filter_instructions;
};

bool setup_parse(const struct frame *frame, struct setup *setup);

#endif
