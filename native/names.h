/*
 * Names of other machines, told to nobody: each name that is asked for gets an address that means it and nothing else.
 * Nothing in these two files touches the machine: they read bytes from memory, and everything read is bounded.
 */
#ifndef WARDER_NAMES_H
#define WARDER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 198.18.0.0/15 (RFC 2544): set aside for tests between machines, so it is nobody's on the internet. */
#define NAMES_NETWORK 0xc6120000u
#define NAMES_MASK 0xfffe0000u
/* As many as are remembered; the oldest is forgotten first, and its address then means nothing. */
#define NAMES_MAX 4096u
#define NAME_BYTES 254
/* The least every DNS message may have (RFC 1035 section 4.2.1); ours are shorter than what they answer by 16 at most. */
#define QUERY_BYTES 512
#define ANSWER_BYTES (QUERY_BYTES + 16)

/* Answers one DNS query. Returns the length of the answer, 0 when it deserves none. */
size_t names_answer(const unsigned char *query, size_t length, unsigned char answer[ANSWER_BYTES]);

/* The name an address stands for, in host order; NULL when it stands for none (any more). */
const char *name_of(uint32_t address);

static inline bool is_name_address(uint32_t address) { return (address & NAMES_MASK) == NAMES_NETWORK; }

#endif
