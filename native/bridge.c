#define _GNU_SOURCE
#include "bridge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "watch.h"

#define LINKS_MAX 128u
#define HELD_BYTES (16u * 1024u)

/* One direction: read here, held, written to the other side. */
struct flow {
  unsigned char bytes[HELD_BYTES];
  uint32_t start, end;
  bool has_ended;
  bool end_is_passed_on;
};

struct link {
  bool used;
  /* A request went to the other end; until it has said yes, nothing goes either way. */
  bool is_asking;
  /* Side 0 came to the port, side 1 is the Unix socket; flow 0 goes from side 0 to side 1. */
  struct watched sides[2];
  struct flow flows[2];
};

static struct link links[LINKS_MAX];
static struct watched door = {.fd = -1, .events = 0};
static struct sockaddr_un target = {.sun_family = AF_UNIX};
static bool is_full;

const char *bridge_aim(const char *socket_path) {
  if (strlen(socket_path) >= sizeof target.sun_path) return errno = ENAMETOOLONG, "the bridge's socket";
  strcpy(target.sun_path, socket_path);
  return NULL;
}

const char *bridge_open(uint16_t port, const char *socket_path) {
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int yes = 1;
  const char *problem = bridge_aim(socket_path);
  if (problem != NULL) return problem;
  door.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (door.fd < 0) return "the bridge's port";
  if (setsockopt(door.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return "the bridge's port";
  if (bind(door.fd, (const struct sockaddr *)&address, sizeof address) != 0) return "the bridge's port";
  return listen(door.fd, (int)LINKS_MAX) == 0 ? NULL : "the bridge's port";
}

static void drop(struct link *link) {
  unwatch(&link->sides[0]);
  unwatch(&link->sides[1]);
  link->used = false;
  is_full = false;
}

static int connect_target(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (connect(fd, (const struct sockaddr *)&target, sizeof target) == 0) return fd;
  close(fd);
  return -1;
}

/* A connection that nobody took is broken off, not ended: an end could pass for an empty answer. */
static void reset_on_close(int fd) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void break_off(int came) {
  reset_on_close(came);
  close(came);
}

static struct link *free_link(void) {
  for (uint32_t i = 0; i < LINKS_MAX; i += 1)
    if (!links[i].used) return &links[i];
  return NULL;
}

static void open_link(struct link *link, int came) {
  const int yes = 1;
  const int goes = connect_target();
  if (goes < 0) {
    break_off(came);
    return;
  }
  setsockopt(came, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  *link = (struct link){.used = true, .sides = {{.fd = came, .events = 0}, {.fd = goes, .events = 0}}};
}

void bridge_door_event(void) {
  struct link *link = free_link();
  is_full = link == NULL; /* those who come now wait in the queue of the port */
  if (link == NULL) return;
  const int came = accept4(door.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (came >= 0) open_link(link, came);
}

bool bridge_has_room(void) { return free_link() != NULL; }

void bridge_ask(int came, const char *request) {
  struct link *link = free_link();
  const size_t length = strlen(request);
  if (link == NULL || length == 0 || length > HELD_BYTES) {
    break_off(came);
    return;
  }
  open_link(link, came);
  if (!link->used) return;
  link->is_asking = true;
  memcpy(link->flows[0].bytes, request, length);
  link->flows[0].end = (uint32_t)length;
}

/* False: the link is broken. */
static bool fill(struct flow *flow, int from) {
  if (flow->start == flow->end) flow->start = flow->end = 0;
  if (flow->has_ended || flow->end == HELD_BYTES) return true;
  const ssize_t got = read(from, flow->bytes + flow->end, HELD_BYTES - flow->end);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) flow->has_ended = true;
  flow->end += (uint32_t)got;
  return true;
}

static bool drain(struct flow *flow, int to) {
  while (flow->start < flow->end) {
    const ssize_t sent = send(to, flow->bytes + flow->start, flow->end - flow->start, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    flow->start += (uint32_t)sent;
  }
  if (flow->has_ended && !flow->end_is_passed_on) {
    shutdown(to, SHUT_WR);
    flow->end_is_passed_on = true;
  }
  return true;
}

/* Looks for the whole answer to a request. False: it is not yes, and never will be. */
static bool hear_answer(struct link *link) {
  struct flow *answer = &link->flows[1];
  const unsigned char *end = memmem(answer->bytes, answer->end, "\r\n\r\n", 4);
  if (end == NULL) return !answer->has_ended && answer->end < HELD_BYTES;
  /* RFC 9112 section 4; what follows the head is the other machine's already */
  const bool is_http = memcmp(answer->bytes, "HTTP/1.1 200", 12) == 0 || memcmp(answer->bytes, "HTTP/1.0 200", 12) == 0;
  if (end - answer->bytes < 12 || !is_http || (answer->bytes[12] != ' ' && answer->bytes[12] != '\r')) return false;
  answer->start = (uint32_t)(end - answer->bytes) + 4;
  link->is_asking = false;
  return true;
}

static bool ask_on(struct link *link, uint32_t events) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !fill(&link->flows[1], link->sides[1].fd)) return false;
  if (!drain(&link->flows[0], link->sides[1].fd) || !hear_answer(link)) return false;
  return link->is_asking || drain(&link->flows[1], link->sides[0].fd);
}

void bridge_event(uint32_t number, uint32_t events) {
  struct link *link = number / 2 < LINKS_MAX ? &links[number / 2] : NULL;
  const uint32_t side = number % 2;
  if (link == NULL || !link->used) return;
  if (link->is_asking) {
    if (ask_on(link, events)) return;
    reset_on_close(link->sides[0].fd);
    drop(link);
    return;
  }
  struct flow *away = &link->flows[side], *back = &link->flows[1 - side];
  bool works = true;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) works = fill(away, link->sides[side].fd);
  works = works && drain(away, link->sides[1 - side].fd) && drain(back, link->sides[side].fd);
  if (!works || (away->end_is_passed_on && back->end_is_passed_on)) drop(link);
}

void bridge_watch(int epoll) {
  watch(epoll, &door, watch_tag(WATCH_BRIDGE_DOOR, 0), is_full ? 0 : EPOLLIN);
  for (uint32_t i = 0; i < LINKS_MAX; i += 1) {
    if (!links[i].used) continue;
    for (uint32_t side = 0; side < 2; side += 1) {
      const struct flow *away = &links[i].flows[side], *back = &links[i].flows[1 - side];
      const bool must_wait = links[i].is_asking && side == 0;
      const bool is_answering = links[i].is_asking && side == 1;
      const uint32_t in = !away->has_ended && !must_wait && (is_answering || away->start == away->end) ? EPOLLIN : 0;
      const uint32_t out = back->start < back->end ? EPOLLOUT : 0;
      watch(epoll, &links[i].sides[side], watch_tag(WATCH_BRIDGE, i * 2 + side), in | out);
    }
  }
}
