/* What the parts of the lookout share: see lookout.c. */
#ifndef WARDER_LOOKOUT_H
#define WARDER_LOOKOUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_RUNS 256
#define MAX_PLACES 64
#define ID_LENGTH 64
#define NOBODY 0
/* Warder's own: the daemon and what it started that is no run. */
#define OWN 0xffff

enum space { SPACE_PID, SPACE_NET, SPACE_MNT, SPACES };
extern const char *const SPACE_NAMES[SPACES];

/* One run: its process 1 and how that was kept when the run began. Numbered from 1; 0 is nobody. */
struct run {
  bool used;
  char id[ID_LENGTH];
  pid_t init;
  unsigned long long start;
  /* Its namespaces, 0 where they are those of the host. */
  uint64_t spaces[SPACES];
  int seccomp;
  int no_new_privs;
  uint64_t capabilities;
  char *may[MAX_PLACES];
  int may_count;
  char *trees[MAX_PLACES];
  int tree_count;
  /* Told that it ended: when to look for who is left. */
  uint64_t over_ms;
};

extern struct run runs[MAX_RUNS + 1];
extern pid_t daemon_pid;
/* The host is watched as well, not only runs. */
extern bool watches_host;

uint64_t now_ms(void);

/* One line of JSON on standard output; values are texts or numbers. */
void say_begin(const char *kind);
void say_text(const char *name, const char *value);
void say_number(const char *name, long long value);
void say_end(void);
void say_source(const char *name, bool in_force, const char *why);
/* Whether this was said a moment ago already; a flood of one thing is one line a second. */
bool said_lately(const char *kind, long a, long b);

/* Processes. */
struct process {
  pid_t pid, parent, tracer;
  unsigned long long start;
  char state;
  int uid, euid, seccomp, no_new_privs;
  uint64_t capabilities;
};
bool read_process(pid_t pid, struct process *process);
void say_program(const char *name, pid_t pid);
unsigned owner_of(pid_t pid);
const char *owner_name(unsigned owner);
int processes_open(void);
void processes_take(int fd);
void processes_run_begins(unsigned number);
void processes_run_over(unsigned number);
/* A look at everybody; finds what no event tells. */
void processes_look(void);
bool processes_need_looks(void);

/* Writes. */
int writes_open(void);
void writes_mark(const char *path);
void writes_take(int fd);
void writes_forget_paths(void);
extern char *own_places[MAX_PLACES];
extern int own_count;
extern char *host_places[MAX_PLACES];
extern int host_count;

/* Networks. */
void network_look(unsigned number);
/* Notes the sockets a process of a run has open; those of the host's network are told when all were noted. */
void network_hold(pid_t pid, unsigned number);
void network_look_at_held(void);
int packets_open(void);
void packets_take(int fd, unsigned threshold, uint64_t window_ms);

#endif
