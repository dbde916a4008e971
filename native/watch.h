/* One descriptor among those an event loop waits for, and what it waits for there. */
#ifndef WARDER_WATCH_H
#define WARDER_WATCH_H

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watched {
  int fd;
  uint32_t events;
};

/* Who is meant by an event: a kind, and a number among those of the kind. */
enum watch_kind { WATCH_CONTROL, WATCH_CHILDREN, WATCH_COMMAND, WATCH_BRIDGE_DOOR, WATCH_BRIDGE };

static inline uint64_t watch_tag(enum watch_kind kind, uint32_t number) { return (uint64_t)kind << 32 | number; }

/* Nothing to wait for takes it out of the set: a hang-up would be reported for ever. */
static inline int watch(int epoll, struct watched *watched, uint64_t tag, uint32_t events) {
  if (watched->fd < 0 || watched->events == events) return 0;
  struct epoll_event event = {.events = events, .data.u64 = tag};
  const int what = watched->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  watched->events = events;
  return epoll_ctl(epoll, what, watched->fd, &event);
}

/* Closing takes it out of the set as well. */
static inline void unwatch(struct watched *watched) {
  if (watched->fd >= 0) close(watched->fd);
  watched->fd = -1;
  watched->events = 0;
}

#endif
