/*
 * confine: runs one command under Landlock and a system call filter, on machines where no namespaces can be had.
 *
 * Two processes come of it. The command's own, which gives up everything and becomes the command; and its keeper, which
 * stays outside the walls: it ends everything when the supervisor says so or is gone, tells how the command ended, and
 * makes the changes of modes and times the command asks for, after looking where they would land, because Landlock does
 * not watch those.
 *
 * Descriptors: 0-2 the command's; 3 the orders, NUL-terminated fields; 4 the supervisor (one letter in: g go, s stop,
 * c continue, k kill; lines out: ready PID, error TEXT, stopped COUNT MOVING, continued COUNT, killed, exit CODE,
 * signal NUMBER); above, whatever the orders name. Nothing is in argv, except the question `confine abi`.
 * Any step that fails ends the start: exit code 125, a line on 4, and nothing has run.
 */
#define _GNU_SOURCE
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <unistd.h>

enum { ORDERS = 3, CONTROL = 4, FAILED = 125 };
enum { MAX_ORDERS = 4 << 20, MAX_RULES = 4096, MAX_TREES = 256, MAX_PIDS = 1 << 16 };

/* Above 423 these numbers are the same everywhere; older kernel headers lack them. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, FCHMODAT2 = 452, CLOSE_RANGE = 436 };
enum { SCOPE_SIGNAL = 2 };
struct ruleset { uint64_t fs, net, scoped; };
struct beneath { uint64_t access; int32_t fd; } __attribute__((packed));

struct rule { uint64_t access; int fd; };
struct orders {
  uint64_t abi, fs, net, scoped, restrict_flags, uid, gid, umask, terminal, open_files, file_bytes;
  int cwd, base_filter, own_filter;
  size_t rules, trees;
  struct rule rule[MAX_RULES];
  char *tree[MAX_TREES]; /* where modes and times may be changed */
  char **argv, **env;
};

__attribute__((noreturn)) static void fail(const char *step) {
  dprintf(CONTROL, "error %s: %s\n", step, errno ? strerror(errno) : "malformed");
  _exit(FAILED);
}

static void must(bool holds, const char *step) {
  if (!holds) fail(step);
}

/* ---- orders ---- */

static char *cursor, *end_of_orders;

static char *text(void) {
  errno = 0;
  char *start = cursor, *stop = memchr(start, 0, (size_t)(end_of_orders - start));
  must(stop != NULL, "orders");
  cursor = stop + 1;
  return start;
}

static uint64_t number(uint64_t most) {
  char *digits = text(), *stop;
  must(*digits >= '0' && *digits <= '9', "orders");
  uint64_t value = strtoull(digits, &stop, 10);
  must(errno == 0 && *stop == 0 && value <= most, "orders");
  return value;
}

static char **words(size_t least) {
  size_t count = number(65536);
  must(count >= least, "orders");
  char **list = calloc(count + 1, sizeof *list);
  must(list != NULL, "memory");
  for (size_t i = 0; i < count; i += 1) list[i] = text();
  return list;
}

static void read_orders(struct orders *orders) {
  struct stat file;
  must(fstat(ORDERS, &file) == 0, "orders");
  errno = 0;
  must(file.st_size > 0 && file.st_size <= MAX_ORDERS, "orders");
  cursor = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, ORDERS, 0);
  must(cursor != MAP_FAILED, "orders");
  end_of_orders = cursor + file.st_size;
  must(strcmp(text(), "confine 1") == 0, "orders");
  uint64_t *plain[] = {&orders->abi, &orders->fs, &orders->net, &orders->scoped, &orders->restrict_flags};
  for (size_t i = 0; i < 5; i += 1) *plain[i] = number(UINT64_MAX);
  orders->uid = number(INT32_MAX);
  orders->gid = number(INT32_MAX);
  orders->umask = number(0777);
  orders->terminal = number(1);
  orders->open_files = number(1 << 20);
  orders->file_bytes = number(INT64_MAX);
  orders->cwd = (int)number(65536);
  orders->base_filter = (int)number(65536);
  orders->own_filter = (int)number(65536);
  orders->rules = number(MAX_RULES);
  for (size_t i = 0; i < orders->rules; i += 1) {
    orders->rule[i].fd = (int)number(65536);
    orders->rule[i].access = number(UINT64_MAX);
  }
  orders->trees = number(MAX_TREES);
  for (size_t i = 0; i < orders->trees; i += 1) {
    orders->tree[i] = text();
    must(orders->tree[i][0] == '/' && orders->tree[i][1] != 0, "orders");
  }
  orders->argv = words(1);
  orders->env = words(0);
  must(cursor == end_of_orders, "orders");
}

/* ---- the command's own process: it gives up everything, one after the other ---- */

static void limit(int resource, uint64_t value) {
  struct rlimit both = {value, value};
  must(setrlimit(resource, &both) == 0, "limits");
}

static void give_up_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "capabilities");
  must(syscall(SYS_capset, &header, none) == 0, "capabilities");
}

static void become_user(const struct orders *orders) {
  if (geteuid() == 0) {
    must(orders->uid != 0 && orders->gid != 0, "user"); /* root's own files would be the command's */
    for (int capability = 0; capability < 64; capability += 1)
      must(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0 || errno == EINVAL, "capabilities");
    must(setgroups(0, NULL) == 0, "groups");
    must(setresgid((gid_t)orders->gid, (gid_t)orders->gid, (gid_t)orders->gid) == 0, "group");
    must(setresuid((uid_t)orders->uid, (uid_t)orders->uid, (uid_t)orders->uid) == 0, "user");
  }
  must(getuid() == orders->uid && geteuid() == orders->uid && getgid() == orders->gid, "user");
  give_up_capabilities();
}

static void enter_landlock(const struct orders *orders) {
  long abi = syscall(CREATE_RULESET, NULL, 0, 1);
  must(abi >= 1, "Landlock");
  errno = EOPNOTSUPP;
  must((uint64_t)abi >= orders->abi, "Landlock version");
  struct ruleset handled = {orders->fs, orders->net, orders->scoped};
  int ruleset = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
  must(ruleset >= 0, "Landlock rules");
  for (size_t i = 0; i < orders->rules; i += 1) {
    struct beneath rule = {orders->rule[i].access, orders->rule[i].fd};
    must(syscall(ADD_RULE, ruleset, 1, &rule, 0) == 0, "Landlock rule");
  }
  must(syscall(RESTRICT_SELF, ruleset, orders->restrict_flags) == 0, "Landlock");
}

static int load_filter(int fd, unsigned flags) {
  static struct sock_filter program[4096];
  ssize_t bytes = pread(fd, program, sizeof program, 0);
  must(bytes > 0 && bytes % (ssize_t)sizeof *program == 0, "filter");
  struct sock_fprog filter = {(unsigned short)(bytes / (ssize_t)sizeof *program), program};
  long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  must(listener >= 0, "filter");
  return (int)listener;
}

static void send_descriptor(int link, int fd) {
  char letter = 'c', space[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {&letter, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  must(sendmsg(link, &message, 0) == 1, "keeper");
}

__attribute__((noreturn)) static void become_command(const struct orders *orders, int link, pid_t keeper) {
  sigset_t none;
  sigemptyset(&none);
  for (int signal_ = 1; signal_ < NSIG; signal_ += 1) signal(signal_, SIG_DFL);
  must(sigprocmask(SIG_SETMASK, &none, NULL) == 0, "signals");
  must(setsid() > 0, "session");
  if (orders->terminal) must(ioctl(0, TIOCSCTTY, 0) == 0, "terminal");
  /* a session keyring is handed down through everything: this one starts empty */
  must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS, "keyring");
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, orders->file_bytes);
  become_user(orders);
  must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == keeper, "keeper");
  umask((mode_t)orders->umask);
  must(fchdir(orders->cwd) == 0, "working directory");
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "privileges");
  enter_landlock(orders);
  load_filter(orders->base_filter, 0);
  send_descriptor(link, load_filter(orders->own_filter, SECCOMP_FILTER_FLAG_NEW_LISTENER));
  limit(RLIMIT_NOFILE, orders->open_files); /* last: the rules above needed more */
  char go = 0;
  must(read(link, &go, 1) == 1 && go == 'g', "keeper");
  execve(orders->argv[0], orders->argv, orders->env);
  fail("command");
}

/* ---- the keeper ---- */

static DIR *proc;

struct member { pid_t pid, parent; bool moves; };

/* A zombie is gone, unless only its first thread has ended: then the others go on under its number. */
static bool read_member(const char *name, struct member *member) {
  char path[64], line[1024], state;
  long parent, threads;
  snprintf(path, sizeof path, "/proc/%.20s/stat", name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, line, sizeof line - 1);
  if (file >= 0) close(file);
  if (length <= 0) return false;
  line[length] = 0;
  char *after = strrchr(line, ')'); /* a name may hold brackets: the last one counts */
  const char *form = " %c %ld %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld";
  if (after == NULL || sscanf(after + 1, form, &state, &parent, &threads) != 3) return false;
  if ((state == 'Z' || state == 'X') && threads <= 1) return false;
  if (state == 'Z') state = state_of(name);
  *member = (struct member){(pid_t)atoi(name), (pid_t)parent, state != 0 && !stands_still(state)};
  return true;
}

/* Everything that descends from us. Orphans become our children, so nothing is missed. */
static size_t descendants(struct member *found) {
  static struct member all[MAX_PIDS];
  size_t many = 0, count = 0, before;
  rewinddir(proc);
  for (struct dirent *entry; many < MAX_PIDS && (entry = readdir(proc)) != NULL;)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && read_member(entry->d_name, &all[many])) many += 1;
  do {
    before = count;
    for (size_t i = 0; i < many; i += 1) {
      bool ours = all[i].parent == getpid();
      for (size_t k = 0; !ours && k < count; k += 1) ours = found[k].pid == all[i].parent;
      if (!ours) continue;
      found[count++] = all[i];
      all[i].parent = -1; /* counted */
    }
  } while (before != count);
  return count;
}

/* Stops everything, until a whole look finds nothing that moves; or says how much still does. */
static void stop_all(void) {
  static struct member found[MAX_PIDS];
  size_t moving = 1, count = 0, last = 0;
  for (int round = 0; round < 1000 && (moving > 0 || count != last); round += 1) {
    last = count;
    moving = 0;
    count = descendants(found);
    for (size_t i = 0; i < count; i += 1) {
      moving += found[i].moves;
      kill(found[i].pid, SIGSTOP);
    }
    if (moving > 0) usleep(200);
  }
  dprintf(CONTROL, "stopped %zu %zu\n", count, moving);
}

static void continue_all(void) {
  static struct member found[MAX_PIDS];
  size_t count = descendants(found);
  for (size_t i = 0; i < count; i += 1) kill(found[i].pid, SIGCONT);
  dprintf(CONTROL, "continued %zu\n", count);
}

/* Stops all before it ends any, so that none starts others meanwhile; and again, until there are none. */
static void end_all(void) {
  static struct member found[MAX_PIDS];
  for (size_t left; (left = descendants(found)) > 0;) {
    for (size_t i = 0; i < left; i += 1) kill(found[i].pid, SIGSTOP);
    for (size_t i = 0; i < left; i += 1) kill(found[i].pid, SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    usleep(500);
  }
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
}

static bool read_memory(pid_t pid, uint64_t at, void *into, size_t bytes, bool as_text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int memory = open(path, O_RDONLY | O_CLOEXEC);
  if (memory < 0) return false;
  size_t got = 0;
  /* page by page: a text may end just before memory that cannot be read */
  while (got < bytes) {
    size_t step = 4096 - (size_t)((at + got) & 4095);
    if (step > bytes - got) step = bytes - got;
    if (pread(memory, (char *)into + got, step, (off_t)(at + got)) != (ssize_t)step) break;
    got += step;
    if (as_text && memchr(into, 0, got) != NULL) break;
  }
  close(memory);
  return as_text ? memchr(into, 0, got) != NULL : got == bytes;
}

static int open_in(pid_t pid, int dirfd, const char *path, bool follow) {
  char base[64];
  int number_ = -1, used = 0;
  /* /proc/self would be ours: the C library names its own descriptors so */
  if (sscanf(path, "/proc/self/fd/%d%n", &number_, &used) == 1 && path[used] == 0 && follow) {
    dirfd = number_;
    path = "";
  }
  if (dirfd == AT_FDCWD) snprintf(base, sizeof base, "/proc/%d/cwd", pid);
  else snprintf(base, sizeof base, "/proc/%d/fd/%d", pid, dirfd);
  if (*path == 0) return open(base, O_PATH | O_CLOEXEC);
  int from = *path == '/' ? AT_FDCWD : open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (from == -1) return -1;
  struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)), .resolve = RESOLVE_NO_MAGICLINKS};
  int fd = (int)syscall(SYS_openat2, from, path, &how, sizeof how);
  int error = errno;
  if (from >= 0) close(from);
  errno = error == ELOOP ? EPERM : error;
  return fd;
}

static bool is_within_a_tree(const struct orders *orders, int fd) {
  char link[64], path[4097];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0 || length >= (ssize_t)sizeof path - 1) return false;
  path[length] = 0;
  for (size_t i = 0; i < orders->trees; i += 1) {
    size_t tree = strlen(orders->tree[i]);
    if (strncmp(path, orders->tree[i], tree) == 0 && (path[tree] == 0 || path[tree] == '/')) return true;
  }
  return false;
}

static int change(const struct orders *orders, int listener, const struct seccomp_notif *asked) {
  const uint64_t *argument = (const uint64_t *)asked->data.args;
  pid_t pid = (pid_t)asked->pid;
  int dirfd = (int)argument[0];
  uint64_t path_at = argument[1], mode = argument[2], flags = 0;
  bool times = asked->data.nr == SYS_utimensat, named = true, now = times && argument[2] == 0;
  if (times || asked->data.nr == FCHMODAT2) flags = argument[3] & UINT32_MAX;
  if (asked->data.nr == SYS_fchmod) named = false, mode = argument[1];
#ifdef SYS_chmod
  if (asked->data.nr == SYS_chmod) dirfd = AT_FDCWD, path_at = argument[0], mode = argument[1];
#endif
  if (times && path_at == 0) named = false;
  if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return EINVAL;
  char path[4096] = "";
  struct timespec stamps[2];
  if (named && !read_memory(pid, path_at, path, sizeof path, true)) return EFAULT;
  if (named && *path == 0 && !(flags & AT_EMPTY_PATH)) return ENOENT;
  if (times && !now && !read_memory(pid, argument[2], stamps, sizeof stamps, false)) return EFAULT;
  if (!named && dirfd < 0) return EBADF;
  int fd = open_in(pid, dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
  if (fd < 0) return errno;
  /* what was read belongs to whoever still waits for this answer, and to no later process with its number */
  int error = ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked->id) == 0 ? 0 : ESRCH;
  if (error == 0 && (!is_within_a_tree(orders, fd) || (!times && (mode & 06000)))) error = EPERM;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (error == 0 && times && utimensat(fd, "", now ? NULL : stamps, AT_EMPTY_PATH) != 0) error = errno;
  if (error == 0 && !times && chmod(link, (mode_t)(mode & 07777)) != 0) error = errno;
  close(fd);
  return error;
}

static void answer(const struct orders *orders, int listener) {
  struct seccomp_notif asked;
  memset(&asked, 0, sizeof asked);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) return; /* whoever asked is gone */
  struct seccomp_notif_resp reply = {.id = asked.id, .error = -change(orders, listener, &asked)};
  (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

static int receive_descriptor(int link) {
  char letter = 0, space[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&letter, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  if (recvmsg(link, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

/* Whoever it keeps must not end it: Landlock holds signals back where it can; below that root's number must. */
static void step_back(const struct orders *orders) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  must(null >= 0, "keeper");
  for (int fd = 0; fd < 3; fd += 1) must(dup2(null, fd) == fd, "keeper");
  must(chdir("/") == 0 && (proc = opendir("/proc")) != NULL, "keeper");
  if (geteuid() == 0) {
    uid_t rest = orders->scoped & SCOPE_SIGNAL ? (uid_t)orders->uid : (uid_t)-1;
    must(setgroups(0, NULL) == 0, "keeper");
    must(setresgid((gid_t)orders->gid, (gid_t)orders->gid, (gid_t)orders->gid) == 0, "keeper");
    must(setresuid(rest, (uid_t)orders->uid, rest) == 0, "keeper");
  }
  give_up_capabilities();
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "keeper");
}

__attribute__((noreturn)) static void keep(const struct orders *orders, int link, int children, pid_t command) {
  step_back(orders);
  int listener = receive_descriptor(link);
  if (listener < 0) { /* the command's process has said why */
    end_all();
    _exit(FAILED);
  }
  for (size_t i = 0; i < orders->rules; i += 1) close(orders->rule[i].fd);
  int done[] = {ORDERS, orders->cwd, orders->base_filter, orders->own_filter};
  for (size_t i = 0; i < sizeof done / sizeof *done; i += 1) close(done[i]);
  dprintf(CONTROL, "ready %d\n", command);
  struct pollfd waits[] = {{CONTROL, POLLIN, 0}, {children, POLLIN, 0}, {listener, POLLIN, 0}};
  for (int status = 0;;) {
    if (poll(waits, 3, -1) < 0 && errno != EINTR) break;
    if (waits[2].revents & POLLIN) answer(orders, listener);
    if (waits[2].revents & (POLLHUP | POLLERR)) waits[2].fd = -1;
    if (waits[0].revents) {
      char letter = 0;
      if (read(CONTROL, &letter, 1) != 1 || letter == 'k') break; /* the supervisor says so, or is gone */
      if (letter == 'g' && write(link, "g", 1) != 1) break;
      if (letter == 's') stop_all();
      if (letter == 'c') continue_all();
    }
    if (waits[1].revents & POLLIN) {
      struct signalfd_siginfo ignored;
      (void)!read(children, &ignored, sizeof ignored);
      bool over = false;
      for (pid_t ended; !over && (ended = waitpid(-1, &status, WNOHANG)) > 0;) over = ended == command;
      if (!over) continue;
      end_all(); /* what it left running ends with it */
      if (WIFEXITED(status)) dprintf(CONTROL, "exit %d\n", WEXITSTATUS(status));
      else dprintf(CONTROL, "signal %d\n", WTERMSIG(status));
      _exit(0);
    }
  }
  end_all();
  dprintf(CONTROL, "killed\n");
  _exit(0);
}

int main(int argc, char **argv) {
  static struct orders orders;
  if (argc == 2 && strcmp(argv[1], "abi") == 0) return printf("%ld\n", syscall(CREATE_RULESET, NULL, 0, 1)) < 0;
  signal(SIGPIPE, SIG_IGN);
  /* nothing this process was given by mistake reaches the command, whichever program started us */
  must(syscall(CLOSE_RANGE, ORDERS, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) == 0, "descriptors");
  read_orders(&orders);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  must(sigprocmask(SIG_BLOCK, &child, NULL) == 0, "signals");
  int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), link[2];
  must(children >= 0, "signals");
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) == 0, "keeper");
  must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "keeper");
  pid_t keeper = getpid(), command = fork();
  must(command >= 0, "fork");
  if (command == 0) {
    close(link[0]);
    become_command(&orders, link[1], keeper);
  }
  close(link[1]);
  keep(&orders, link[0], children, command);
}
