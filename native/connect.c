#define _GNU_SOURCE
#include "connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAILED_EXIT 125
#define BROKEN_EXIT 1
#define NOBODY_EXIT 3
#define HELD_BYTES (32u * 1024u)

/* One direction: read here, held, written there. */
struct way {
  int from, to;
  unsigned char bytes[HELD_BYTES];
  size_t start, end;
  bool has_ended;
};

static int failed(int code, const char *step) {
  fprintf(stderr, "warder-init: %s: %s\n", step, strerror(errno));
  return code;
}

/* 1 to 65535, digits alone; 0: it is none. */
static uint16_t port_of(const char *text) {
  uint32_t port = 0;
  for (const char *at = text; *at != 0; at += 1) {
    if (*at < '0' || *at > '9' || at - text >= 5) return 0;
    port = port * 10 + (uint32_t)(*at - '0');
  }
  return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static int open_to(const struct sockaddr *address, socklen_t length) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, address, length) == 0) return fd;
  const int number = errno;
  close(fd);
  errno = number;
  return -1;
}

/* Some servers listen on one of the two loopback addresses only. */
static int open_loopback(uint16_t port) {
  const struct sockaddr_in four = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr_in6 six = {
      .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const int fd = open_to((const struct sockaddr *)&four, sizeof four);
  if (fd >= 0) return fd;
  const int number = errno;
  const int other = open_to((const struct sockaddr *)&six, sizeof six);
  if (other < 0) errno = number;
  return other;
}

static bool is_momentary(void) { return errno == EAGAIN || errno == EINTR; }

/* False: it is broken. */
static bool fill(struct way *way) {
  const ssize_t got = read(way->from, way->bytes, HELD_BYTES);
  if (got < 0) return is_momentary();
  way->has_ended = got == 0;
  way->start = 0;
  way->end = (size_t)got;
  return true;
}

static bool drain(struct way *way) {
  const ssize_t put = write(way->to, way->bytes + way->start, way->end - way->start);
  if (put < 0) return is_momentary();
  way->start += (size_t)put;
  return true;
}

/* Holds bytes: waits to write them. Holds none and more may come: waits to read. */
static struct pollfd wanted(const struct way *way) {
  if (way->start < way->end) return (struct pollfd){.fd = way->to, .events = POLLOUT, .revents = 0};
  return (struct pollfd){.fd = way->has_ended ? -1 : way->from, .events = POLLIN, .revents = 0};
}

static int carry(int server) {
  static struct way in, out;
  in = (struct way){.from = STDIN_FILENO, .to = server};
  out = (struct way){.from = server, .to = STDOUT_FILENO};
  bool input_is_over = false;
  while (!out.has_ended) {
    struct way *ways[2] = {&in, &out};
    struct pollfd fds[2] = {wanted(&in), wanted(&out)};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return failed(FAILED_EXIT, "waiting");
    for (int i = 0; i < 2; i += 1) {
      if (fds[i].revents == 0) continue;
      const bool works = fds[i].events == POLLOUT ? drain(ways[i]) : fill(ways[i]);
      if (!works && i == 1) return BROKEN_EXIT;
      /* a server that hears no more may still have something to say */
      if (!works) in.has_ended = input_is_over = true, in.start = in.end;
    }
    if (!in.has_ended || input_is_over) continue;
    input_is_over = true;
    shutdown(server, SHUT_WR);
  }
  return 0;
}

int connect_to(const char *port) {
  const uint16_t number = port_of(port);
  const int yes = 1;
  if (number == 0) return errno = EINVAL, failed(FAILED_EXIT, "reading the port");
  signal(SIGPIPE, SIG_IGN);
  const int server = open_loopback(number);
  if (server < 0) return failed(NOBODY_EXIT, "connecting to the port");
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  for (int i = 0; i < 3; i += 1) {
    const int fd = i == 2 ? server : i;
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) return failed(FAILED_EXIT, "setting up");
  }
  return carry(server);
}
