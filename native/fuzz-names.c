/*
 * Feeds the name parser what a test sends: length (4 bytes, little-endian) and that many bytes, again and again. Built
 * with sanitizers by the test, and never shipped. Prints how many it answered, with what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

int main(void) {
  unsigned char head[4];
  unsigned long inputs = 0, silent = 0, given = 0, empty = 0, refused = 0;
  while (fread(head, 1, 4, stdin) == 4) {
    const size_t length = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    /* allocated to the byte, so that one byte too many is seen */
    unsigned char *bytes = malloc(length == 0 ? 1 : length), *answer = malloc(ANSWER_BYTES);
    if (bytes == NULL || answer == NULL || fread(bytes, 1, length, stdin) != length) return 2;
    const size_t end = names_answer(bytes, length, answer);
    if (end > ANSWER_BYTES || (end > 0 && (end < 12 || memcmp(answer, bytes, 2) != 0))) return 3;
    if (end == 0) silent += 1;
    else if ((answer[3] & 15) != 0) refused += 1;
    else if (answer[7] == 0) empty += 1;
    else {
      const unsigned char *at = answer + end - 4;
      const char *name = name_of((unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3]);
      given += 1;
      if (name == NULL || name[0] == '\0' || strlen(name) >= NAME_BYTES) return 4;
      if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(name)) return 5;
    }
    free(bytes);
    free(answer);
    inputs += 1;
  }
  unsigned long remembered = 0;
  for (unsigned address = 0xc6110000u; address <= 0xc614ffffu; address += 1) remembered += name_of(address) != NULL;
  printf("%lu inputs, %lu silent, %lu refused, %lu empty, %lu given, %lu remembered\n", inputs, silent, refused, empty,
         given, remembered);
  return 0;
}
