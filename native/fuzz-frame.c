/*
 * Feeds the frame parser: reads inputs from standard input, each with its length before it (four bytes, little-endian),
 * and parses every one as a stream of frames. Built with sanitizers by the tests, and never shipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

static unsigned long frames, execs, setups;

static size_t lengths(const char *const *words) {
  size_t total = 0;
  for (; *words != NULL; words += 1) total += strlen(*words);
  return total;
}

/* Touches everything the parser promises, so that the sanitizer sees a promise that was broken. */
static size_t touch(const struct frame *frame) {
  static struct exec_request request;
  struct setup setup;
  size_t sum = 0;
  frames += 1;
  for (uint32_t i = 0; i < frame->length; i += 1) sum += frame->body[i];
  if (frame->type == EXEC && exec_parse(frame, &request)) {
    execs += 1;
    sum += strlen(request.cwd) + lengths(request.argv) + lengths(request.envp);
  }
  if (frame->type == SETUP && setup_parse(frame, &setup)) {
    setups += 1;
    sum += strlen(setup.bridge_socket);
    for (uint32_t i = 0; i < setup.filter_instructions * 8; i += 1) sum += setup.filter[i];
  }
  return sum;
}

static size_t parse_all(const unsigned char *bytes, size_t have) {
  struct frame frame;
  size_t at = 0, sum = 0;
  while (frame_parse(bytes + at, have - at, &frame) == FRAME_COMPLETE) {
    sum += touch(&frame);
    at += FRAME_HEADER_BYTES + frame.length;
  }
  return sum;
}

int main(void) {
  unsigned char head[4];
  unsigned long inputs = 0;
  volatile size_t sum = 0;
  while (fread(head, 1, 4, stdin) == 4) {
    const size_t length = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    /* allocated to the byte, so that one byte too many is seen */
    unsigned char *bytes = malloc(length == 0 ? 1 : length);
    if (bytes == NULL || fread(bytes, 1, length, stdin) != length) return 2;
    sum = sum + parse_all(bytes, length);
    free(bytes);
    inputs += 1;
  }
  printf("%lu inputs, %lu frames, %lu execs, %lu setups\n", inputs, frames, execs, setups);
  return 0;
}
