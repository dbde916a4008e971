#include "names.h"

#include <string.h>

#define HEADER_BYTES 12u
#define LABEL_BYTES 63u
#define TTL_SECONDS 10
/* RFC 1035 section 3.2.2 and 3.2.4, RFC 3596 */
#define TYPE_A 1
#define TYPE_AAAA 28
#define CLASS_INTERNET 1
enum rcode { NO_ERROR = 0, FORMAT_ERROR = 1, NOT_IMPLEMENTED = 4, REFUSED = 5 };

struct known {
  uint32_t address;
  char name[NAME_BYTES];
};

static struct known known[NAMES_MAX];
/* Counts names up to the size of the network, then from the start again; 0 is no address of a machine. */
static uint32_t last;

static unsigned u16_at(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

static void put_u16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

const char *name_of(uint32_t address) {
  const struct known *entry = &known[(address & ~NAMES_MASK) % NAMES_MAX];
  return is_name_address(address) && entry->address == address ? entry->name : NULL;
}

static uint32_t address_of(const char *name) {
  for (uint32_t i = 0; i < NAMES_MAX; i += 1)
    if (known[i].address != 0 && strcmp(known[i].name, name) == 0) return known[i].address;
  last = last % (~NAMES_MASK - 1) + 1;
  struct known *entry = &known[last % NAMES_MAX];
  entry->address = NAMES_NETWORK + last;
  strcpy(entry->name, name);
  return entry->address;
}

/* Letters, digits, hyphens and underscores, in lower case; 0 for anything else: it must mean one thing to everybody. */
static char plain(unsigned char byte) {
  if (byte >= 'A' && byte <= 'Z') return (char)(byte + ('a' - 'A'));
  const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
  return is_plain ? (char)byte : '\0';
}

/* Reads the name at `at`; returns how many bytes it took, 0 when it is malformed. `*is_plain` tells what it holds. */
static size_t read_name(const unsigned char *bytes, size_t length, size_t at, char name[NAME_BYTES], bool *is_plain) {
  const size_t start = at;
  size_t end = 0;
  *is_plain = true;
  for (;;) {
    if (at >= length || bytes[at] > LABEL_BYTES) return 0; /* pointers as well: a question has nothing to point at */
    const size_t label = bytes[at++];
    if (label == 0) break;
    if (label > length - at || end + label + 1 >= NAME_BYTES) return 0;
    if (end > 0) name[end++] = '.';
    for (size_t i = 0; i < label; i += 1) {
      name[end] = plain(bytes[at + i]);
      if (name[end++] == '\0') *is_plain = false;
    }
    at += label;
  }
  name[end] = '\0';
  return at - start;
}

/* A name somebody else could take for an address, or for this machine, is none of ours to give. */
static bool is_servable(const char *name) {
  const char *dot = strrchr(name, '.');
  const char *end = dot == NULL ? name : dot + 1;
  return end[0] != '\0' && !(end[0] >= '0' && end[0] <= '9') && strcmp(end, "localhost") != 0;
}

static size_t refuse(const unsigned char *query, unsigned char *answer, enum rcode rcode) {
  memset(answer, 0, HEADER_BYTES);
  memcpy(answer, query, 2);
  answer[2] = (unsigned char)(0x80 | (query[2] & 0x79)); /* a response; opcode and "recursion desired" as asked */
  answer[3] = (unsigned char)(0x80 | rcode);
  return HEADER_BYTES;
}

static size_t put_address(unsigned char *at, uint32_t address) {
  const unsigned char record[12] = {0xc0, HEADER_BYTES, 0, TYPE_A, 0, CLASS_INTERNET, 0, 0, 0, TTL_SECONDS, 0, 4};
  memcpy(at, record, sizeof record);
  put_u16(at + 12, address >> 16);
  put_u16(at + 14, address & 0xffff);
  return 16;
}

size_t names_answer(const unsigned char *query, size_t length, unsigned char answer[ANSWER_BYTES]) {
  char name[NAME_BYTES];
  bool is_plain;
  /* what is itself an answer gets none, so that two of us could not talk for ever */
  if (length < HEADER_BYTES || length > QUERY_BYTES || (query[2] & 0x80) != 0) return 0;
  if ((query[2] & 0x78) != 0) return refuse(query, answer, NOT_IMPLEMENTED);
  if (u16_at(query + 4) != 1 || u16_at(query + 6) != 0) return refuse(query, answer, FORMAT_ERROR);
  const size_t taken = read_name(query, length, HEADER_BYTES, name, &is_plain);
  if (taken == 0 || length - HEADER_BYTES - taken < 4) return refuse(query, answer, FORMAT_ERROR);
  const unsigned type = u16_at(query + HEADER_BYTES + taken), class = u16_at(query + HEADER_BYTES + taken + 2);
  const bool is_answered = is_plain && is_servable(name) && class == CLASS_INTERNET &&
                           (type == TYPE_A || type == TYPE_AAAA);
  size_t end = refuse(query, answer, is_answered ? NO_ERROR : REFUSED);
  put_u16(answer + 4, 1);
  memcpy(answer + end, query + end, taken + 4);
  end += taken + 4;
  if (!is_answered || type == TYPE_AAAA) return end; /* there is no such address, and nobody need try */
  put_u16(answer + 6, 1);
  return end + put_address(answer + end, address_of(name));
}
