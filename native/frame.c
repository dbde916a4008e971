#include "frame.h"

#include <string.h>

static uint32_t read_u32(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint16_t read_u16(const unsigned char *at) { return (uint16_t)(at[0] | at[1] << 8); }

static uint32_t body_limit(uint16_t type) {
  return type == EXEC || type == SETUP ? FRAME_BODY_BYTES : FRAME_DATA_BYTES;
}

enum frame_state frame_parse(const unsigned char *bytes, size_t have, struct frame *frame) {
  if (have < FRAME_HEADER_BYTES) return FRAME_INCOMPLETE;
  frame->length = read_u32(bytes);
  frame->type = read_u16(bytes + 4);
  frame->id = read_u32(bytes + 8);
  frame->body = bytes + FRAME_HEADER_BYTES;
  /* the two spare bytes are zero, so that a stream that lost its place is noticed */
  if (read_u16(bytes + 6) != 0 || frame->length > body_limit(frame->type)) return FRAME_BAD;
  return have - FRAME_HEADER_BYTES < frame->length ? FRAME_INCOMPLETE : FRAME_COMPLETE;
}

void frame_header(unsigned char *bytes, uint16_t type, uint32_t id, uint32_t length) {
  const uint32_t words[3] = {length, type, id};
  for (int i = 0; i < FRAME_HEADER_BYTES; i += 1) bytes[i] = (unsigned char)(words[i / 4] >> (8 * (i % 4)));
}

struct cursor cursor_of(const struct frame *frame) {
  return (struct cursor){.at = frame->body, .end = frame->body + frame->length, .failed = false};
}

/* The next `count` bytes, or NULL. */
static const unsigned char *take(struct cursor *cursor, size_t count) {
  if (cursor->failed || (size_t)(cursor->end - cursor->at) < count) {
    cursor->failed = true;
    return NULL;
  }
  const unsigned char *bytes = cursor->at;
  cursor->at += count;
  return bytes;
}

uint8_t take_u8(struct cursor *cursor) {
  const unsigned char *at = take(cursor, 1);
  return at == NULL ? 0 : at[0];
}

uint16_t take_u16(struct cursor *cursor) {
  const unsigned char *at = take(cursor, 2);
  return at == NULL ? 0 : read_u16(at);
}

uint32_t take_u32(struct cursor *cursor) {
  const unsigned char *at = take(cursor, 4);
  return at == NULL ? 0 : read_u32(at);
}

uint64_t take_u64(struct cursor *cursor) {
  const uint64_t low = take_u32(cursor);
  const uint64_t high = take_u32(cursor);
  return cursor->failed ? 0 : low | high << 32;
}

const char *take_text(struct cursor *cursor) {
  const uint32_t length = take_u32(cursor);
  const unsigned char *text = take(cursor, (size_t)length + 1);
  if (text == NULL) return NULL;
  if (memchr(text, 0, (size_t)length + 1) != text + length) {
    cursor->failed = true;
    return NULL;
  }
  return (const char *)text;
}

bool cursor_done(const struct cursor *cursor) { return !cursor->failed && cursor->at == cursor->end; }

static bool take_words(struct cursor *cursor, uint32_t *count, const char *words[WORDS_MAX + 1]) {
  *count = take_u32(cursor);
  if (*count > WORDS_MAX) cursor->failed = true;
  uint32_t taken = 0;
  while (!cursor->failed && taken < *count) words[taken++] = take_text(cursor);
  words[cursor->failed ? 0 : taken] = NULL;
  return !cursor->failed;
}

bool exec_parse(const struct frame *frame, struct exec_request *request) {
  struct cursor cursor = cursor_of(frame);
  const uint8_t stdio = take_u8(&cursor);
  if (stdio > STDIO_TERMINAL) return false;
  request->stdio = (enum stdio)stdio;
  request->columns = take_u16(&cursor);
  request->rows = take_u16(&cursor);
  request->umask = take_u32(&cursor);
  request->window = take_u32(&cursor);
  request->cwd = take_text(&cursor);
  return take_words(&cursor, &request->argc, request->argv) &&
         take_words(&cursor, &request->envc, request->envp) && request->argc > 0 && cursor_done(&cursor);
}

bool setup_parse(const struct frame *frame, struct setup *setup) {
  struct cursor cursor = cursor_of(frame);
  setup->processes = take_u64(&cursor);
  setup->open_files = take_u64(&cursor);
  setup->file_bytes = take_u64(&cursor);
  setup->bridge_port = take_u16(&cursor);
  setup->bridge_socket = take_text(&cursor);
  setup->filter_instructions = take_u32(&cursor);
  if (setup->filter_instructions > FILTER_INSTRUCTIONS_MAX) return false;
  setup->filter = take(&cursor, (size_t)setup->filter_instructions * 8);
  return cursor_done(&cursor);
}
