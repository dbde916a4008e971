#define _GNU_SOURCE
#include "outbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "frame.h"

#define OUTBOX_BYTES (256u * 1024u)
/* Kept free of output, for receipts. */
#define RECEIPT_BYTES (32u * 1024u)
/* Fewer bytes than this are not worth a frame of their own. */
#define LEAST_BYTES 4096u

static struct {
  unsigned char bytes[OUTBOX_BYTES];
  size_t start;
  size_t end;
  /* A receipt did not fit: the daemon would wait for it for ever, so nothing more is sent. */
  bool is_overfull;
} outbox;

static void make_room(void) {
  if (outbox.start == 0) return;
  memmove(outbox.bytes, outbox.bytes + outbox.start, outbox.end - outbox.start);
  outbox.end -= outbox.start;
  outbox.start = 0;
}

size_t outbox_room(void) {
  const size_t used = outbox.end - outbox.start + FRAME_HEADER_BYTES + RECEIPT_BYTES;
  if (used + LEAST_BYTES > OUTBOX_BYTES) return 0;
  if (outbox.end + FRAME_HEADER_BYTES + FRAME_DATA_BYTES > OUTBOX_BYTES) make_room();
  return OUTBOX_BYTES - used;
}

unsigned char *outbox_body(void) { return outbox.bytes + outbox.end + FRAME_HEADER_BYTES; }

void outbox_commit(uint16_t type, uint32_t id, size_t length) {
  frame_header(outbox.bytes + outbox.end, type, id, (uint32_t)length);
  outbox.end += FRAME_HEADER_BYTES + length;
}

void outbox_put(uint16_t type, uint32_t id, const void *body, size_t length) {
  if (outbox.end + FRAME_HEADER_BYTES + length > OUTBOX_BYTES) make_room();
  if (outbox.end + FRAME_HEADER_BYTES + length > OUTBOX_BYTES) {
    if (!outbox.is_overfull) fputs("warder-init: a receipt does not fit, so everything is ended\n", stderr);
    outbox.is_overfull = true;
    return;
  }
  if (length > 0) memcpy(outbox_body(), body, length);
  outbox_commit(type, id, length);
}

void outbox_put_numbers(uint16_t type, uint32_t id, uint32_t first, uint32_t second) {
  unsigned char body[8];
  for (int i = 0; i < 8; i += 1) body[i] = (unsigned char)((i < 4 ? first : second) >> (8 * (i % 4)));
  outbox_put(type, id, body, sizeof body);
}

bool outbox_takes_receipts(void) { return OUTBOX_BYTES - (outbox.end - outbox.start) > RECEIPT_BYTES / 2; }

bool outbox_is_empty(void) { return outbox.start == outbox.end; }

bool outbox_flush(int socket) {
  if (outbox.is_overfull) return false;
  while (outbox.start < outbox.end) {
    const ssize_t sent =
        send(socket, outbox.bytes + outbox.start, outbox.end - outbox.start, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == ENOBUFS;
    outbox.start += (size_t)sent;
  }
  outbox.start = outbox.end = 0;
  return true;
}
