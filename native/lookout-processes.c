/* Who belongs to which run, who is among them and does not belong, and who belongs and is elsewhere. */
#define _GNU_SOURCE
#include "lookout.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_PIDS (4 * 1024 * 1024)
#define RECEIVE_ROOM (8 * 1024 * 1024)
/* Who is left of a run that has ended gets this long to go. */
#define GRACE_MS 400
#define ANSWER_MS 300
/* Kept after a run has ended, for what is heard of it late. */
#define KEEP_MS 5000
#define MOST_PARENTS 64
#define MOST_STRANGERS 256

/* By process number; only pages that are used take memory. */
static uint16_t owner[MOST_PIDS];
static bool has_events;
static bool lost_events;
static uint64_t host_spaces[SPACES];
static pid_t highest = MOST_PIDS;

/* Strangers seen by looking: told at the second look, for an event about them may be on its way. */
static struct {
  pid_t pid;
  unsigned run;
} strangers[MOST_STRANGERS];
static int stranger_count;

static bool read_file(const char *path, char *text, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t got = read(fd, text, size - 1);
  close(fd);
  if (got < 0) return false;
  text[got] = 0;
  return true;
}

static long long number_after(const char *text, const char *name, int base) {
  const char *at = strstr(text, name);
  return at == NULL ? -1 : (long long)strtoull(at + strlen(name), NULL, base);
}

bool read_process(pid_t pid, struct process *process) {
  char path[64], text[8192];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!read_file(path, text, sizeof text)) return false;
  const char *after = strrchr(text, ')');
  unsigned long long start = 0;
  int parent = 0;
  char state = '?';
  if (after == NULL ||
      sscanf(after + 2, "%c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state, &parent,
             &start) != 3)
    return false;
  *process = (struct process){.pid = pid, .parent = parent, .start = start, .state = state};
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  if (!read_file(path, text, sizeof text)) return false;
  /* the name comes first and may hold anything but a line end */
  const char *lines = strchr(text, '\n');
  if (lines == NULL) return false;
  process->tracer = (pid_t)number_after(lines, "\nTracerPid:", 10);
  process->seccomp = (int)number_after(lines, "\nSeccomp:", 10);
  process->no_new_privs = (int)number_after(lines, "\nNoNewPrivs:", 10);
  process->capabilities = (uint64_t)number_after(lines, "\nCapEff:", 16);
  const char *uid = strstr(lines, "\nUid:");
  if (uid == NULL || sscanf(uid + 5, "%d %d", &process->uid, &process->euid) != 2) return false;
  return true;
}

static uint64_t link_of(pid_t pid, const char *name) {
  char path[64], target[64];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
  const ssize_t length = readlink(path, target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = 0;
  const char *number = strchr(target, '[');
  return number == NULL ? 0 : strtoull(number + 1, NULL, 10);
}

static uint64_t space_of(pid_t pid, enum space space) { return link_of(pid, SPACE_NAMES[space]); }

void say_program(const char *name, pid_t pid) {
  char path[64], target[PATH_MAX];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t length = readlink(path, target, sizeof target - 1);
  if (length <= 0) return;
  target[length] = 0;
  say_text(name, target);
}

unsigned owner_of(pid_t pid) { return pid > 0 && pid < MOST_PIDS ? owner[pid] : NOBODY; }

static void set_owner(pid_t pid, unsigned number) {
  if (pid > 0 && pid < MOST_PIDS) owner[pid] = (uint16_t)number;
}

const char *owner_name(unsigned number) { return number > MAX_RUNS || number == NOBODY ? "" : runs[number].id; }

static bool is_run(unsigned number) { return number != NOBODY && number != OWN && runs[number].used; }

/* ---- who belongs where ---- */

typedef void (*each_process)(pid_t pid);

static void for_everybody(each_process visit) {
  DIR *directory = opendir("/proc");
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (isdigit((unsigned char)entry->d_name[0])) visit((pid_t)atol(entry->d_name));
  closedir(directory);
}

static pid_t parent_of(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!read_file(path, text, sizeof text)) return 0;
  const char *after = strrchr(text, ')');
  int parent = 0;
  return after != NULL && sscanf(after + 2, "%*c %d", &parent) == 1 ? parent : 0;
}

static pid_t seed_root;
static unsigned seed_owner;

static void seed(pid_t pid) {
  if (owner_of(pid) == seed_owner) return;
  pid_t at = pid;
  for (int steps = 0; at > 1 && steps < MOST_PARENTS; steps++, at = parent_of(at)) {
    if (at == seed_root) return set_owner(pid, seed_owner);
    /* another run's, below the daemon: not the daemon's own */
    if (seed_owner == OWN && is_run(owner_of(at))) return;
  }
}

/* Everybody below `root`, by their parents as they are now. */
static void seed_below(pid_t root, unsigned number) {
  seed_root = root;
  seed_owner = number;
  for_everybody(seed);
}

/* The same, from the top: a run waits for it. False where the kernel does not list children. */
static bool seed_children(pid_t pid, unsigned number, int depth) {
  char path[96], text[4096];
  set_owner(pid, number);
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return errno == ENOENT; /* gone */
  bool is_read = depth < MOST_PARENTS;
  for (struct dirent *task; is_read && (task = readdir(tasks)) != NULL;) {
    if (!isdigit((unsigned char)task->d_name[0])) continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", pid, task->d_name);
    if (!read_file(path, text, sizeof text) || strlen(text) == sizeof text - 1) {
      is_read = false;
      break;
    }
    for (char *at = text, *end; is_read; at = end) {
      const pid_t child = (pid_t)strtol(at, &end, 10);
      if (end == at) break;
      is_read = seed_children(child, number, depth + 1);
    }
  }
  closedir(tasks);
  return is_read;
}

void processes_run_begins(unsigned number) {
  struct run *run = &runs[number];
  struct process first;
  if (!read_process(run->init, &first) || first.start != run->start) {
    run->used = false; /* over before it was looked at */
    return;
  }
  for (int space = 0; space < SPACES; space++) {
    const uint64_t here = space_of(run->init, (enum space)space);
    run->spaces[space] = here == host_spaces[space] ? 0 : here;
  }
  run->seccomp = first.seccomp;
  run->no_new_privs = first.no_new_privs;
  run->capabilities = first.capabilities;
  if (!seed_children(run->init, number, 0)) seed_below(run->init, number);
}

void processes_run_over(unsigned number) { runs[number].over_ms = now_ms(); }

/* ---- what is wrong with one process ---- */

static void say_about(const char *kind, unsigned run, pid_t pid) {
  say_begin(kind);
  say_text("run", owner_name(run));
  say_number("pid", pid);
  say_program("program", pid);
}

/*
 * Whether the run's process 1 is still there, and in this namespace. Only then it is the run's own: the kernel gives the
 * number of one that is gone to the next that is made, which may be of somebody else's sandbox. A process 1 that ends
 * lets go of its namespaces, and only then waits for those it started, as if it were still there.
 */
static bool is_standing(const struct run *run, enum space space) {
  struct process first;
  return run->over_ms == 0 && read_process(run->init, &first) && first.start == run->start && first.state != 'Z' &&
         first.state != 'X' && space_of(run->init, space) == run->spaces[space];
}

/* Of a process that belongs to no run: the run whose namespace it stands in. */
static unsigned stands_in(pid_t pid, enum space *where) {
  uint64_t spaces[SPACES] = {0};
  bool read = false;
  for (unsigned number = 1; number <= MAX_RUNS; number++) {
    const struct run *run = &runs[number];
    if (!run->used) continue;
    for (int space = 0; space < SPACES; space++) {
      if (run->spaces[space] == 0) continue;
      if (!read)
        for (int each = 0; each < SPACES; each++)
          /* who enters a process namespace stays outside: those it starts are in it, and may be gone before we look */
          spaces[each] = each == SPACE_PID ? link_of(pid, "pid_for_children") : space_of(pid, (enum space)each);
      read = true;
      if (spaces[space] != run->spaces[space] || !is_standing(run, (enum space)space)) continue;
      *where = (enum space)space;
      return number;
    }
  }
  return NOBODY;
}

static bool is_own(pid_t pid) {
  pid_t at = pid;
  for (int steps = 0; at > 1 && steps < MOST_PARENTS; steps++, at = parent_of(at)) {
    if (at == daemon_pid) return true;
    if (owner_of(at) == OWN) return true;
    if (is_run(owner_of(at))) return false; /* put under a run's process 1, not born there */
  }
  return false;
}

static void say_intruder(unsigned run, pid_t pid, enum space where, pid_t parent) {
  if (said_lately("intruder", pid, (long)run)) return;
  struct process seen;
  say_about("intruder", run, pid);
  say_text("space", SPACE_NAMES[where]);
  if (parent > 0) {
    say_number("parent", parent);
    say_program("parentProgram", parent);
  }
  if (read_process(pid, &seen)) say_number("uid", seen.uid);
  say_end();
}

/* A stranger that forked or began a program: told at once, its birth was seen. */
static void check_stranger(pid_t pid, pid_t parent) {
  enum space where = SPACE_PID;
  const unsigned run = stands_in(pid, &where);
  if (run != NOBODY && !is_own(pid)) say_intruder(run, pid, where, parent);
}

/* Told of a run before its first act, its process 1 may not have given everything up yet: what it gave up counts. */
static void tighten(struct run *run) {
  struct process first;
  if (run->over_ms != 0 || !read_process(run->init, &first) || first.start != run->start) return;
  if (first.seccomp > run->seccomp) run->seccomp = first.seccomp;
  if (first.no_new_privs > run->no_new_privs) run->no_new_privs = first.no_new_privs;
  run->capabilities &= first.capabilities;
}

static void check_member(pid_t pid, unsigned number) {
  const struct run *run = &runs[number];
  struct process seen;
  if (!read_process(pid, &seen) || seen.state == 'Z' || seen.state == 'X') return;
  for (int space = 0; space < SPACES; space++) {
    if (run->spaces[space] == 0) continue;
    const uint64_t here = space_of(pid, (enum space)space);
    if (here == 0 || here == run->spaces[space] || said_lately("escaped", pid, space)) continue;
    say_about("escaped", number, pid);
    say_text("space", SPACE_NAMES[space]);
    say_end();
  }
  const char *lost = seen.seccomp < run->seccomp             ? "system call filter"
                     : seen.no_new_privs < run->no_new_privs ? "no new privileges"
                     : (seen.capabilities & ~run->capabilities) != 0 ? "no capabilities"
                                                                     : NULL;
  if (lost != NULL && !said_lately("unguarded", pid, 0)) {
    say_about("unguarded", number, pid);
    say_text("lost", lost);
    say_end();
  }
  if (seen.tracer > 0 && owner_of(seen.tracer) != number && !said_lately("traced", pid, seen.tracer)) {
    say_about("traced", number, pid);
    say_number("by", seen.tracer);
    say_program("byProgram", seen.tracer);
    say_end();
  }
}

/* ---- the host ---- */

static void check_host_program(pid_t pid) {
  char path[64], program[PATH_MAX];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t length = readlink(path, program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = 0;
  const char *gone = strstr(program, " (deleted)");
  const bool is_memory = strncmp(program, "/memfd:", 7) == 0;
  const bool is_shared = strncmp(program, "/dev/shm/", 9) == 0;
  const bool is_gone = gone != NULL && gone[10] == 0;
  if (is_memory || is_shared || is_gone) {
    say_begin("program");
    say_number("pid", pid);
    say_text("program", program);
    say_text("what", is_memory ? "memory" : is_shared ? "shared-memory" : "deleted");
    say_number("parent", parent_of(pid));
    say_program("parentProgram", parent_of(pid));
    say_end();
    return;
  }
  const pid_t parent = parent_of(pid);
  if (said_lately("child", parent, pid)) return;
  say_begin("began");
  say_number("pid", pid);
  say_text("program", program);
  say_number("parent", parent);
  say_program("parentProgram", parent);
  say_end();
}

static void check_host_uid(pid_t pid, unsigned ruid, unsigned euid) {
  if (euid != 0 || ruid == 0) return;
  if (said_lately("privilege", pid, 0)) return;
  say_begin("privilege");
  say_number("pid", pid);
  say_number("uid", ruid);
  say_program("program", pid);
  say_end();
}

static void take_trace(pid_t pid, pid_t tracer) {
  if (tracer == 0) return;
  const unsigned number = owner_of(pid);
  if (is_run(number)) {
    if (owner_of(tracer) == number || said_lately("traced", pid, tracer)) return;
    say_about("traced", number, pid);
    say_number("by", tracer);
    say_program("byProgram", tracer);
    say_end();
  } else if (watches_host && !said_lately("trace", pid, tracer)) {
    say_begin("trace");
    say_number("pid", pid);
    say_program("program", pid);
    say_number("by", tracer);
    say_program("byProgram", tracer);
    say_end();
  }
}

/* ---- the kernel's events ---- */

static void take_event(const struct proc_event *event) {
  switch ((unsigned)event->what) {
    case PROC_EVENT_FORK: {
      const pid_t child = event->event_data.fork.child_tgid;
      if (event->event_data.fork.child_pid != child) return; /* a thread */
      const unsigned of = owner_of(event->event_data.fork.parent_tgid);
      set_owner(child, of);
      if (of != NOBODY) return;
      check_stranger(event->event_data.fork.parent_tgid, 0);
      check_stranger(child, event->event_data.fork.parent_tgid);
      return;
    }
    case PROC_EVENT_EXEC: {
      const pid_t pid = event->event_data.exec.process_tgid;
      const unsigned of = owner_of(pid);
      if (is_run(of)) return check_member(pid, of);
      if (of == NOBODY) check_stranger(pid, 0);
      if (of == NOBODY && watches_host) check_host_program(pid);
      return;
    }
    case PROC_EVENT_UID: {
      const pid_t pid = event->event_data.id.process_tgid;
      const unsigned of = owner_of(pid);
      if (is_run(of)) return check_member(pid, of);
      if (of == NOBODY && watches_host)
        check_host_uid(pid, event->event_data.id.r.ruid, event->event_data.id.e.euid);
      return;
    }
    case PROC_EVENT_PTRACE:
      return take_trace(event->event_data.ptrace.process_tgid, event->event_data.ptrace.tracer_tgid);
    default:
      return;
  }
}

void processes_take(int fd) {
  char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
  for (;;) {
    ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == ENOBUFS) {
      /* some are gone: who belongs to whom is read anew at the next look */
      lost_events = true;
      if (!said_lately("lost", 0, 0)) {
        say_begin("lost");
        say_text("source", "process-connector");
        say_end();
      }
      continue;
    }
    if (got <= 0) return;
    for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, (unsigned)got);
         header = NLMSG_NEXT(header, got)) {
      const struct cn_msg *message = NLMSG_DATA(header);
      if (message->id.idx != CN_IDX_PROC || message->len < sizeof(struct proc_event)) continue;
      struct proc_event event; /* what follows the message need not be aligned */
      memcpy(&event, message->data, sizeof event);
      take_event(&event);
    }
  }
}

/* In a network or process namespace of its own the kernel takes the order, and tells nothing. */
static bool is_answered(int fd) {
  struct pollfd waits = {.fd = fd, .events = POLLIN};
  char buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
  for (int tries = 0; tries < 64 && poll(&waits, 1, ANSWER_MS) > 0; tries++) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
    if (got < 0 || !NLMSG_OK(header, (unsigned)got)) return false;
    const struct cn_msg *message = NLMSG_DATA(header);
    struct proc_event event;
    if (message->len < sizeof event) return false;
    memcpy(&event, message->data, sizeof event);
    if ((unsigned)event.what == PROC_EVENT_NONE) return event.event_data.ack.err == 0;
  }
  return false;
}

static int listen_to_kernel(void) {
  const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
  if (fd < 0) return -1;
  const int room = RECEIVE_ROOM;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
  char order[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(int))] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
  struct nlmsghdr *header = (struct nlmsghdr *)order;
  struct cn_msg *message = NLMSG_DATA(header);
  const int listen = PROC_CN_MCAST_LISTEN;
  header->nlmsg_len = NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof listen);
  header->nlmsg_type = NLMSG_DONE;
  message->id.idx = CN_IDX_PROC;
  message->id.val = CN_VAL_PROC;
  message->len = sizeof listen;
  memcpy(message->data, &listen, sizeof listen);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && send(fd, order, header->nlmsg_len, 0) > 0 &&
      is_answered(fd))
    return fd;
  close(fd);
  return -1;
}

int processes_open(void) {
  char text[32];
  if (read_file("/proc/sys/kernel/pid_max", text, sizeof text) && atol(text) > 0 && atol(text) < MOST_PIDS)
    highest = (pid_t)atol(text) + 1;
  for (int space = 0; space < SPACES; space++) host_spaces[space] = space_of(getpid(), (enum space)space);
  const int fd = listen_to_kernel();
  has_events = fd >= 0;
  say_source("process-connector", has_events,
             has_events ? "events of the kernel"
                        : "the kernel does not tell of processes here; /proc is looked through, and what is short is missed");
  seed_below(daemon_pid, OWN);
  set_owner(daemon_pid, OWN);
  const bool sees_all = geteuid() == 0;
  say_source("proc", true,
             sees_all ? "every process, several times a second"
                      : "processes of this user, several times a second; those of others cannot be looked into");
  return fd;
}

/* ---- a look at everybody ---- */

/* Where the kernel tells of no process, programs of the host are found when they are first seen. */
static uint8_t present[2][MOST_PIDS / 8];
static unsigned looks;

bool processes_need_looks(void) { return watches_host && !has_events; }

static void look_at_host(pid_t pid) {
  if (pid >= MOST_PIDS) return;
  const uint8_t bit = (uint8_t)(1 << (pid & 7));
  present[looks & 1][pid >> 3] |= bit;
  if (looks > 0 && (present[(looks - 1) & 1][pid >> 3] & bit) == 0) check_host_program(pid);
}

static pid_t were_strangers[MOST_STRANGERS];
static int were_count;

static bool was_stranger(pid_t pid) {
  for (int i = 0; i < were_count; i++)
    if (were_strangers[i] == pid) return true;
  return false;
}

static void look_at_stranger(pid_t pid) {
  enum space where = SPACE_PID;
  const unsigned run = stands_in(pid, &where);
  if (run == NOBODY || is_own(pid)) return;
  /* without events we cannot know who was born inside: its parent tells, and a filter like the others' */
  if (!has_events || lost_events) {
    struct process seen;
    if (is_run(owner_of(parent_of(pid))) && read_process(pid, &seen) && seen.seccomp >= runs[run].seccomp)
      return set_owner(pid, run);
  }
  if (was_stranger(pid)) say_intruder(run, pid, where, parent_of(pid));
  if (stranger_count < MOST_STRANGERS) {
    strangers[stranger_count].pid = pid;
    strangers[stranger_count++].run = run;
  }
}

static void look_at(pid_t pid) {
  const unsigned of = owner_of(pid);
  if (of == OWN) return;
  if (!is_run(of)) {
    if (processes_need_looks()) look_at_host(pid);
    return look_at_stranger(pid);
  }
  const struct run *run = &runs[of];
  if (run->over_ms == 0) {
    network_hold(pid, of);
    return check_member(pid, of);
  }
  struct process seen;
  if (now_ms() - run->over_ms < GRACE_MS || !read_process(pid, &seen) || seen.state == 'Z' || seen.state == 'X') return;
  if (said_lately("survivor", pid, of)) return;
  say_about("survivor", of, pid);
  say_end();
}

static void forget_ended(void) {
  const uint64_t now = now_ms();
  for (unsigned number = 1; number <= MAX_RUNS; number++) {
    struct run *run = &runs[number];
    if (!run->used || run->over_ms == 0 || now - run->over_ms < KEEP_MS) continue;
    bool is_empty = true;
    for (pid_t pid = 2; pid < highest && is_empty; pid++)
      if (owner[pid] == number) {
        struct process seen;
        if (read_process(pid, &seen) && seen.state != 'Z' && seen.state != 'X') is_empty = false;
        else owner[pid] = NOBODY;
      }
    if (!is_empty) continue; /* survivors are looked for as long as there are any */
    for (int i = 0; i < run->may_count; i++) free(run->may[i]);
    for (int i = 0; i < run->tree_count; i++) free(run->trees[i]);
    memset(run, 0, sizeof *run);
    writes_forget_paths();
  }
}

void processes_look(void) {
  stranger_count = 0;
  if (!has_events || lost_events) {
    seed_below(daemon_pid, OWN);
    for (unsigned number = 1; number <= MAX_RUNS; number++)
      if (runs[number].used && runs[number].over_ms == 0) seed_below(runs[number].init, number);
    lost_events = false;
  }
  for (unsigned number = 1; number <= MAX_RUNS; number++)
    if (runs[number].used) tighten(&runs[number]);
  if (processes_need_looks()) memset(present[looks & 1], 0, (size_t)highest / 8 + 1);
  for_everybody(look_at);
  if (processes_need_looks()) looks++;
  were_count = stranger_count;
  for (int i = 0; i < stranger_count; i++) were_strangers[i] = strangers[i].pid;
  forget_ended();
}
