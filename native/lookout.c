/*
 * lookout: sees, from outside, what happens at the borders of runs, and on request on the host, and says so.
 *
 * It decides nothing and changes nothing: the daemon starts it with the first run, tells it on standard input what may
 * be, and reads on standard output what was seen that is not. It ends when its input does.
 *
 * Orders are fields that end with NUL; an order ends with an empty field:
 *   run ID PID START   process 1 of a run, as numbered here, and field 22 of its /proc/PID/stat
 *   may ID PATH        where that run may write
 *   tree ID PATH       what only that run should be writing to while it lasts
 *   ready ID           answer `ready` once everything before it was taken
 *   over ID            it has ended: nobody of it may be left
 *   own PATH           Warder's own places, of which nothing is told
 *   place PATH         where programs that start by themselves are named
 *   host               tell of the host as well
 *   scans N MS         tell of who tries N ports within MS milliseconds
 *
 * Answers are lines of JSON, each with `kind`. Sources: the process connector (netlink), fanotify on whole file
 * systems, /proc, and a packet socket. Each is said to be in force or not, once.
 */
#define _GNU_SOURCE
#include "lookout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MAX_ORDERS (64 * 1024)
#define MAX_FIELDS 8
/* Between two looks at everybody; a slow look waits longer, so that it takes a twentieth of one processor at most. */
#define LOOK_MS 400
#define LOOK_SHARE 20
#define LONGEST_LOOK_MS 900
/* Writes are taken together: the kernel merges those that are alike while they wait. */
#define WRITES_MS 20
#define SAID 1024
#define SAID_MS 1000
#define LINE 16384

struct run runs[MAX_RUNS + 1];
pid_t daemon_pid;
bool watches_host;
const char *const SPACE_NAMES[SPACES] = {"pid", "net", "mnt"};

static char line[LINE];
static size_t line_length;
static int writes_fd = -1;
static int packets_fd = -1;
static unsigned scan_ports = 10;
static uint64_t scan_ms = 60000;

uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- what is said ---- */

static void put(const char *text, size_t length) {
  if (line_length + length + 2 >= LINE) return;
  memcpy(line + line_length, text, length);
  line_length += length;
}

static void put_escaped(const char *text) {
  put("\"", 1);
  for (const unsigned char *at = (const unsigned char *)text; *at != 0 && line_length + 64 < LINE; at++) {
    char escaped[8];
    if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
      snprintf(escaped, sizeof escaped, "\\u%04x", *at);
      put(escaped, 6);
    } else {
      put((const char *)at, 1);
    }
  }
  put("\"", 1);
}

void say_begin(const char *kind) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  line_length = 0;
  put("{\"kind\":", 8);
  put_escaped(kind);
  say_number("at", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

void say_text(const char *name, const char *value) {
  put(",", 1);
  put_escaped(name);
  put(":", 1);
  put_escaped(value);
}

void say_number(const char *name, long long value) {
  char number[32];
  put(",", 1);
  put_escaped(name);
  put(":", 1);
  put(number, (size_t)snprintf(number, sizeof number, "%lld", value));
}

void say_end(void) {
  line[line_length++] = '}';
  line[line_length++] = '\n';
  for (size_t done = 0; done < line_length;) {
    const ssize_t written = write(1, line + done, line_length - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(0); /* nobody listens any more */
    done += (size_t)written;
  }
}

void say_source(const char *name, bool in_force, const char *why) {
  say_begin("source");
  say_text("name", name);
  say_number("inForce", in_force);
  say_text("why", why);
  say_end();
}

bool said_lately(const char *kind, long a, long b) {
  static struct {
    uint64_t key, at;
  } said[SAID];
  uint64_t key = 1469598103934665603u;
  for (const char *at = kind; *at != 0; at++) key = (key ^ (unsigned char)*at) * 1099511628211u;
  key = (key ^ (uint64_t)a) * 1099511628211u;
  key = (key ^ (uint64_t)b) * 1099511628211u;
  const uint64_t now = now_ms();
  const size_t slot = (size_t)(key % SAID);
  if (said[slot].key == key && now - said[slot].at < SAID_MS) return true;
  said[slot].key = key;
  said[slot].at = now;
  return false;
}

/* ---- what is ordered ---- */

static unsigned run_named(const char *id) {
  for (unsigned number = 1; number <= MAX_RUNS; number++)
    if (runs[number].used && runs[number].over_ms == 0 && strcmp(runs[number].id, id) == 0) return number;
  return NOBODY;
}

static void add_place(char **places, int *count, const char *path) {
  if (*count >= MAX_PLACES) {
    say_source("places", false, "more places than can be watched at once");
    return;
  }
  char *copy = strdup(path);
  if (copy != NULL) places[(*count)++] = copy;
}

static void order_run(const char *id, const char *pid, const char *start) {
  unsigned number = 1;
  while (number <= MAX_RUNS && runs[number].used) number++;
  if (number > MAX_RUNS || strlen(id) >= ID_LENGTH) {
    say_source("runs", false, "more runs than can be watched at once");
    return;
  }
  struct run *run = &runs[number];
  memset(run, 0, sizeof *run);
  strcpy(run->id, id);
  run->init = (pid_t)atol(pid);
  run->start = strtoull(start, NULL, 10);
  run->used = true;
  processes_run_begins(number);
}

static void say_ready(const char *id) {
  say_begin("ready");
  say_text("run", id);
  say_end();
}

static void order(char **field, int count) {
  const char *name = field[0];
  if (count == 4 && strcmp(name, "run") == 0) return order_run(field[1], field[2], field[3]);
  if (count == 1 && strcmp(name, "host") == 0) {
    watches_host = true;
    if (writes_fd < 0) writes_fd = writes_open();
    return;
  }
  if (count == 2 && strcmp(name, "own") == 0) return add_place(own_places, &own_count, field[1]);
  if (count == 2 && strcmp(name, "place") == 0) {
    add_place(host_places, &host_count, field[1]);
    writes_forget_paths();
    return writes_mark(field[1]);
  }
  if (count == 3 && strcmp(name, "scans") == 0) {
    scan_ports = (unsigned)atol(field[1]);
    scan_ms = strtoull(field[2], NULL, 10);
    if (packets_fd < 0) packets_fd = packets_open();
    return;
  }
  if (count < 2) return;
  if (strcmp(name, "ready") == 0) return say_ready(field[1]);
  const unsigned number = run_named(field[1]);
  if (number == NOBODY) return;
  struct run *run = &runs[number];
  if (strcmp(name, "over") == 0) return processes_run_over(number);
  if (count != 3) return;
  if (strcmp(name, "may") == 0) add_place(run->may, &run->may_count, field[2]);
  if (strcmp(name, "tree") == 0) add_place(run->trees, &run->tree_count, field[2]);
  writes_forget_paths();
  writes_mark(field[2]);
}

/* Returns false at the end of input. */
static bool take_orders(void) {
  static char held[MAX_ORDERS];
  static size_t length;
  const ssize_t got = read(0, held + length, sizeof held - length);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  length += (size_t)got;
  size_t begin = 0;
  char *field[MAX_FIELDS];
  int count = 0;
  size_t from = 0;
  for (size_t at = 0; at < length; at++) {
    if (held[at] != 0) continue;
    if (at == from) {
      if (count > 0) order(field, count);
      count = 0;
      begin = at + 1;
    } else if (count < MAX_FIELDS) {
      field[count++] = held + from;
    }
    from = at + 1;
  }
  memmove(held, held + begin, length - begin);
  length -= begin;
  return length < sizeof held; /* an order that long is none of ours */
}

/* ---- the loop ---- */

static bool any_run(void) {
  for (unsigned number = 1; number <= MAX_RUNS; number++)
    if (runs[number].used) return true;
  return false;
}

static int wait_ms(uint64_t next_look) {
  const uint64_t now = now_ms();
  return next_look <= now ? 0 : (int)(next_look - now);
}

static uint64_t look(void) {
  const uint64_t began = now_ms();
  processes_look();
  for (unsigned number = 1; number <= MAX_RUNS; number++)
    if (runs[number].used && runs[number].over_ms == 0) network_look(number);
  network_look_at_held();
  const uint64_t now = now_ms();
  const uint64_t rest = (now - began) * LOOK_SHARE;
  return now + (rest < LOOK_MS ? LOOK_MS : rest > LONGEST_LOOK_MS ? LONGEST_LOOK_MS : rest);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  daemon_pid = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != daemon_pid) return 0;
  prctl(PR_SET_DUMPABLE, 0);
  /* what is there for a millisecond is looked at first; an ordinary user is refused this, and waits for its turn */
  (void)setpriority(PRIO_PROCESS, 0, -15);
  const int processes_fd = processes_open();
  writes_fd = writes_open();
  uint64_t next_look = now_ms();
  for (;;) {
    struct pollfd watched[] = {
        {.fd = 0, .events = POLLIN},
        {.fd = processes_fd, .events = POLLIN},
        {.fd = packets_fd, .events = POLLIN},
        {.fd = writes_fd, .events = POLLIN},
    };
    const bool looks = any_run() || processes_need_looks();
    const int ready = poll(watched, 4, looks ? wait_ms(next_look) : -1);
    if (ready < 0 && errno != EINTR) return 1;
    if (ready > 0) {
      /* events before orders: who was a stranger when it forked is known as one */
      if (watched[1].revents != 0) processes_take(processes_fd);
      if (watched[0].revents != 0 && !take_orders()) return 0;
      if (watched[2].revents != 0) packets_take(packets_fd, scan_ports, scan_ms);
      if (watched[3].revents != 0) {
        poll(watched, 2, WRITES_MS); /* a run waits for its order to be taken */
        if (processes_fd >= 0) processes_take(processes_fd);
        writes_take(writes_fd);
      }
    }
    if (looks && now_ms() >= next_look) {
      if (processes_fd >= 0) processes_take(processes_fd);
      next_look = look();
    }
  }
}
