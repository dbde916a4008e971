/*
 * What waits to be sent to the daemon. Of a fixed size: when it is full, no more output is read from commands, so that
 * a flood makes the flooder wait and nobody else. Receipts have room of their own behind the output.
 */
#ifndef WARDER_OUTBOX_H
#define WARDER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the body of a data frame now; 0 when output has to wait. */
size_t outbox_room(void);
/* Where the body of the next frame may be written before `outbox_commit`. */
unsigned char *outbox_body(void);
void outbox_commit(uint16_t type, uint32_t id, size_t length);
/* A receipt. There is always room: orders are not read while receipts pile up. Were there none, the next flush would
   say that the other end is gone: a receipt that is lost is an order nobody knows the end of. */
void outbox_put(uint16_t type, uint32_t id, const void *body, size_t length);
void outbox_put_numbers(uint16_t type, uint32_t id, uint32_t first, uint32_t second);
bool outbox_takes_receipts(void);
bool outbox_is_empty(void);
/* Sends what the socket takes. False: the other end is gone, or a receipt was lost. */
bool outbox_flush(int socket);

#endif
