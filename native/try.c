#define _GNU_SOURCE
#include "try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HEADER_BYTES 12u
/* RFC 5737: addresses for examples, which are nobody's */
#define SOMEBODY "192.0.2.53"

static struct sockaddr_in somebody(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, SOMEBODY, &address.sin_addr);
  return address;
}

static int open_socket(int kind) {
  const struct timeval patience = {.tv_sec = 5, .tv_usec = 0};
  const int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

/* A query for an address (RFC 1035 section 4.1); 0 when the name is too long for it. */
static size_t write_query(const char *name, unsigned char query[512]) {
  const unsigned char header[HEADER_BYTES] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const unsigned char rest[] = {0, 0, 1, 0, 1};
  const size_t length = strlen(name);
  if (length == 0 || length > 253) return 0;
  memcpy(query, header, sizeof header);
  size_t label = HEADER_BYTES;
  for (size_t i = 0; i <= length; i += 1) {
    query[HEADER_BYTES + 1 + i] = (unsigned char)name[i];
    if (name[i] != '.' && name[i] != '\0') continue;
    query[label] = (unsigned char)(HEADER_BYTES + i - label);
    label = HEADER_BYTES + 1 + i;
  }
  memcpy(query + HEADER_BYTES + 1 + length, rest, sizeof rest);
  return HEADER_BYTES + 1 + length + sizeof rest;
}

/* 0 and the address, or an error number. */
static int look_up(const char *name, struct in_addr *found) {
  unsigned char query[512], answer[600];
  const size_t length = write_query(name, query);
  const struct sockaddr_in server = somebody(53);
  const int fd = open_socket(SOCK_DGRAM);
  if (length == 0 || fd < 0) return EINVAL;
  ssize_t got = sendto(fd, query, length, 0, (const void *)&server, sizeof server);
  if (got >= 0) got = recv(fd, answer, sizeof answer, 0);
  const int problem = got < 0 ? errno : 0;
  close(fd);
  if (problem != 0) return problem;
  /* one answer, of four bytes, and they are the last */
  if ((size_t)got != length + 16 || (answer[3] & 15) != 0 || answer[7] != 1) return ENOENT;
  memcpy(found, answer + length + 12, sizeof *found);
  return 0;
}

static int converse(struct in_addr address, uint16_t port) {
  const struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
  char said[256];
  const int fd = open_socket(SOCK_STREAM);
  if (fd < 0 || connect(fd, (const void *)&there, sizeof there) != 0) return errno;
  if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6) return errno;
  const ssize_t got = recv(fd, said, sizeof said, 0);
  const int problem = got > 0 ? 0 : got == 0 ? EPIPE : errno;
  if (got > 0) printf("answer=%.*s\n", (int)got, said);
  close(fd);
  return problem;
}

int try_out(const char *name, const char *port) {
  struct in_addr address = {0};
  const struct sockaddr_in other = somebody(443);
  const int fd = open_socket(SOCK_DGRAM);
  const int sent = sendto(fd, "x", 1, 0, (const void *)&other, sizeof other) == 1 ? 0 : errno;
  printf("packet=%s\n", sent == 0 ? "sent" : strerror(sent));
  int problem = look_up(name, &address);
  printf("name=%s\n", problem == 0 ? inet_ntoa(address) : strerror(problem));
  if (problem == 0) problem = converse(address, (uint16_t)atoi(port));
  printf("connection=%s\n", problem == 0 ? "yes" : strerror(problem));
  return problem == 0 ? 0 : 1;
}
