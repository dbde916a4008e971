/*
 * attempts: tries to get out of wherever it is started, one attempt at a time, and says what came of each.
 *
 * `warder sandbox test` starts it twice with the same orders: outside, where each attempt must succeed (else it proves
 * nothing), and inside a sandbox, where it must fail. It decides nothing: it acts and reports.
 *
 * Orders come on standard input: fields that end with NUL, an order ends with an empty field:
 *   ID NUL OP NUL ARGUMENT NUL ... NUL
 * An argument `tmp:NAME` means NAME in the directory for temporary files, wherever that is on this side.
 * Each gives one line: {"id":"...","did":true|false,"errno":N,"note":"..."}
 *
 * Every attempt runs in a child of its own with a deadline, so that one that is killed, hangs or changes itself
 * leaves the next ones as they were. Where no process may be started it runs in this one.
 *
 * `attempts --control` marks a run outside: what would touch the machine itself is then only tried in namespaces of
 * its own, and not at all without them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DEADLINE_S 8
#define MAX_ORDERS (256 * 1024)
#define MAX_ARGS 24

static bool is_control;
static char note[200];

/* An attempt answers 1 when it got what it wanted and 0 when it did not; errno tells why not. */
typedef int (*attempt)(char **a);

static long number(const char *text) { return (long)strtoull(text, NULL, 0); }

static int opened(int fd) {
  if (fd < 0) return 0;
  close(fd);
  return 1;
}

/* --- files --------------------------------------------------------------------------------------------------- */

static int holds(int fd, const char *token) {
  static char text[1 << 16];
  size_t have = 0;
  ssize_t n;
  while (have < sizeof text - 1 && (n = read(fd, text + have, sizeof text - 1 - have)) > 0) have += (size_t)n;
  return memmem(text, have, token, strlen(token)) != NULL;
}

static int do_read(char **a) { /* PATH TOKEN */
  int fd = open(a[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return 0;
  return holds(fd, a[1]);
}

static int do_list(char **a) { /* PATH */
  DIR *directory = opendir(a[0]);
  if (directory == NULL) return 0;
  for (struct dirent *e; (e = readdir(directory)) != NULL;)
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) return 1;
  return 0;
}

static int do_open_listed(char **a) { /* PATH: opens anything that is listed there, or learns what it is */
  char target[256];
  DIR *directory = opendir(a[0]);
  if (directory == NULL) return 0;
  int here = dirfd(directory), why = 0;
  for (struct dirent *e; (e = readdir(directory)) != NULL;) {
    if (*e->d_name == '.') continue;
    int fd = openat(here, e->d_name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 || readlinkat(here, e->d_name, target, sizeof target) > 0) return 1;
    why = errno;
  }
  return errno = why, 0;
}

static int do_open(char **a) { /* r|w|tmp PATH...: any of them */
  int flags = *a[0] == 'r' ? O_RDONLY : *a[0] == 'w' ? O_WRONLY : O_TMPFILE | O_WRONLY;
  for (char **path = a + 1; *path != NULL; path++) {
    int fd = open(*path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0) continue;
    snprintf(note, sizeof note, "opened %.150s", *path);
    return opened(fd);
  }
  return 0;
}

static int put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return 0;
  ssize_t n = write(fd, text, strlen(text));
  close(fd);
  return n == (ssize_t)strlen(text);
}

static int do_plant(char **a) { /* PATH TEXT, with the directory above it when there is none */
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", a[0]);
  char *slash = strrchr(parent, '/');
  if (slash != NULL && slash != parent) {
    *slash = 0;
    mkdir(parent, 0700);
  }
  return put(a[0], a[1]);
}

static int do_unlink(char **a) { return unlink(a[0]) == 0; }
static int do_rename(char **a) { return rename(a[0], a[1]) == 0; }
static int do_exchange(char **a) { return syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], 2) == 0; }

static int do_swap(char **a) { /* DIRECTORY FILE TEXT: away with it, and one of our own in its place */
  char away[PATH_MAX], inside[PATH_MAX];
  snprintf(away, sizeof away, "%.4000s.away", a[0]);
  snprintf(inside, sizeof inside, "%.3500s/%.500s", a[0], a[1]);
  if (rename(a[0], away) != 0) return 0;
  if (mkdir(a[0], 0700) != 0) return 0;
  return put(inside, a[2]);
}

static int do_unlink_swap(char **a) { return unlink(a[0]) == 0 && put(a[0], a[1]); }
static int do_hardlink(char **a) { return link(a[0], a[1]) == 0 && put(a[1], a[2]); }
static int do_symlink(char **a) { return symlink(a[0], a[1]) == 0 && do_read(a + 1); }
static int do_symlink_write(char **a) { return symlink(a[0], a[1]) == 0 && put(a[1], a[2]); }

static int do_setid(char **a) { /* chmod|openat2 PATH */
  if (*a[0] == 'c') {
    if (!put(a[1], "x")) return 0;
    if (chmod(a[1], 04755) != 0) return 0;
  } else {
    uint64_t how[3] = {O_CREAT | O_WRONLY, 06755, 0};
    if (syscall(SYS_openat2, AT_FDCWD, a[1], how, sizeof how) < 0) return 0;
  }
  struct stat st;
  return stat(a[1], &st) == 0 && (st.st_mode & 06000) != 0;
}

static int do_mknod(char **a) { return mknod(a[0], S_IFCHR | 0600, 0) == 0; }

static int do_wait_append(char **a) { /* GO PATH TEXT: when GO is there */
  for (int i = 0; i < 700 && access(a[0], F_OK) != 0; i++) usleep(10000);
  return put(a[1], a[2]);
}

/* --- descriptors --------------------------------------------------------------------------------------------- */

static int do_descriptors(char **a) { /* any|directory */
  for (int fd = 3; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    if (*a[0] == 'd' && openat(fd, "..", O_RDONLY | O_DIRECTORY) < 0) continue;
    snprintf(note, sizeof note, "descriptor %d is open", fd);
    return 1;
  }
  return 0;
}

static int unix_socket(const char *path, struct sockaddr_un *address, socklen_t *size) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address->sun_path, path, strlen(path));
  *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (*path == '@' ? 0 : 1));
  if (*path == '@') address->sun_path[0] = 0;
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int do_unix(char **a) { /* PATH|@NAME TOKEN */
  struct sockaddr_un address;
  socklen_t size;
  int fd = unix_socket(a[0], &address, &size);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) != 0) return 0;
  return holds(fd, a[1]);
}

static int do_take_descriptor(char **a) { /* PATH TOKEN: a descriptor that somebody outside hands over */
  struct sockaddr_un address;
  socklen_t size;
  int fd = unix_socket(a[0], &address, &size);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) != 0) return 0;
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &message, 0) != 1) return 0;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head == NULL || head->cmsg_type != SCM_RIGHTS) return 0;
  int given;
  memcpy(&given, CMSG_DATA(head), sizeof given);
  return holds(given, a[1]);
}

static int do_give_descriptors(char **a) { /* PATH FILE: the far end of the above, until it is killed */
  struct sockaddr_un address;
  socklen_t size;
  int fd = unix_socket(a[0], &address, &size);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 8) != 0) return 0;
  alarm(600);
  if (write(1, "ready\n", 6) != 6) return 0;
  for (;;) {
    int to = accept(fd, NULL, NULL), file = open(a[1], O_RDONLY | O_CLOEXEC);
    char byte = 'x', control[CMSG_SPACE(sizeof(int))];
    memset(control, 0, sizeof control);
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &file, sizeof file);
    sendmsg(to, &message, MSG_NOSIGNAL);
    close(file);
    close(to);
  }
}

/* --- network and IPC ----------------------------------------------------------------------------------------- */

static int do_net(char **a) { /* tcp|udp ADDRESS PORT TOKEN */
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number(a[2]))};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(a[2]))};
  bool is_six = strchr(a[1], ':') != NULL, is_tcp = *a[0] == 't';
  if (inet_pton(is_six ? AF_INET6 : AF_INET, a[1], is_six ? (void *)&six.sin6_addr : &four.sin_addr) != 1) return 0;
  int fd = socket(is_six ? AF_INET6 : AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  struct timeval wait = {3, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  struct sockaddr *to = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
  if (connect(fd, to, is_six ? sizeof six : sizeof four) != 0) return 0;
  if (is_tcp) return holds(fd, a[3]);
  char text[256];
  if (send(fd, "?", 1, 0) != 1) return 0;
  ssize_t n = recv(fd, text, sizeof text, 0);
  return n > 0 && memmem(text, (size_t)n, a[3], strlen(a[3])) != NULL;
}

static int do_socket(char **a) { /* FAMILY TYPE PROTOCOL */
  return opened(socket((int)number(a[0]), (int)number(a[1]), (int)number(a[2])));
}

static int do_interface(char **a) { /* changes the loopback interface, which takes power over the network */
  (void)a;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && is_control) return 0;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  request.ifr_mtu = 1400;
  return fd >= 0 && ioctl(fd, SIOCSIFMTU, &request) == 0;
}

static int do_shm(char **a) { /* make|find KEY TOKEN */
  bool makes = *a[0] == 'm';
  int id = shmget((key_t)number(a[1]), 256, makes ? IPC_CREAT | IPC_EXCL | 0600 : 0);
  if (id < 0) return 0;
  char *at = shmat(id, NULL, makes ? 0 : SHM_RDONLY);
  if (at == (void *)-1) return 0;
  if (makes) return snprintf(at, 256, "%s", a[2]) > 0;
  return memmem(at, 256, a[2], strlen(a[2])) != NULL;
}

static int do_shm_remove(char **a) {
  int id = shmget((key_t)number(a[0]), 0, 0);
  return id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
}

/* --- processes ----------------------------------------------------------------------------------------------- */

static int do_kill(char **a) { return kill((pid_t)number(a[0]), SIGKILL) == 0; }

static int do_ptrace(char **a) { /* PID */
  pid_t pid = (pid_t)number(a[0]);
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0) return 0;
  ptrace(PTRACE_DETACH, pid, 0, 0);
  return 1;
}

/* A read from an address nobody has: a fault means that the other's memory could be read, had we named a better one. */
static int do_vmread(char **a) { /* PID */
  char byte;
  struct iovec own = {&byte, 1}, other = {(void *)16, 1};
  if (process_vm_readv((pid_t)number(a[0]), &own, 1, &other, 1, 0) >= 0) return 1;
  return errno == EFAULT;
}

static int do_getfd(char **a) { /* PID */
  int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)number(a[0]), 0);
  if (pidfd < 0) return 0;
  return opened((int)syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static int ended_well(pid_t child) {
  int status;
  return child > 0 && waitpid(child, &status, __WALL) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void live_on(const char *name, unsigned seconds, int told) {
  prctl(PR_SET_NAME, name);
  if (write(told, "x", 1) != 1) _exit(1);
  close_range(0, ~0u, 0);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  alarm(0);
  sleep(seconds);
  _exit(0);
}

static int do_detach(char **a) { /* NAME SECONDS: a grandchild in a session of its own that holds nothing of ours */
  int told[2];
  char byte;
  if (pipe(told) != 0) return 0;
  pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    setsid();
    pid_t grandchild = fork();
    if (grandchild == 0) live_on(a[0], (unsigned)number(a[1]), told[1]);
    _exit(grandchild < 0);
  }
  close(told[1]);
  bool is_there = read(told[0], &byte, 1) == 1;
  close(told[0]);
  return ended_well(child) && is_there;
}

static int do_attended(char **a) { /* NAME SECONDS: the same, and then goes on itself */
  if (!do_detach(a)) return 0;
  alarm(0);
  if (write(1, "ready\n", 6) != 6) return 0;
  sleep((unsigned)number(a[1]));
  return 1;
}

/* --- the kernel ---------------------------------------------------------------------------------------------- */

/* ok|reach UNSHARE NUMBER ARGUMENT...: a call as such. `reach` is content when the kernel looked at the arguments. */
static int do_call(char **a) {
  static char zero[512];
  long v[6] = {0};
  unsigned long flags = strtoull(a[1], NULL, 0);
  if (flags != 0 && unshare((int)flags) != 0 && is_control) return 0;
  if (is_control && (flags & CLONE_NEWNS)) syscall(SYS_mount, "none", "/", NULL, 0x44000 /* REC PRIVATE */, NULL);
  for (int i = 0; i < 6 && a[3 + i] != NULL; i++) {
    char *text = a[3 + i];
    v[i] = strcmp(text, "buf") == 0 ? (long)zero : strcmp(text, "self") == 0 ? getpid()
         : strncmp(text, "s:", 2) == 0 ? (long)(text + 2) : number(text);
  }
  errno = 0;
  long result = syscall(number(a[2]), v[0], v[1], v[2], v[3], v[4], v[5]);
  if (result >= 0) return 1;
  bool was_refused = errno == EPERM || errno == ENOSYS || errno == EACCES || errno == EAFNOSUPPORT;
  return *a[0] == 'r' && !was_refused;
}

static int do_clone(char **a) { /* 1|3 FLAGS */
  struct clone_args how = {.flags = (uint64_t)number(a[1]), .exit_signal = SIGCHLD};
  long child = *a[0] == '3' ? syscall(SYS_clone3, &how, sizeof how) : syscall(SYS_clone, number(a[1]) | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return ended_well((pid_t)child);
}

static int do_setns(char **a) { /* UNSHARE PATH */
  if (unshare((int)number(a[0])) != 0 && is_control) return 0;
  int fd = open(a[1], O_RDONLY | O_CLOEXEC);
  return fd >= 0 && setns(fd, 0) == 0;
}

static int do_exec(char **a) { /* PROGRAM ARGUMENT...: it ends well */
  pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0), dup2(null, 1), dup2(null, 2);
    execv(a[0], a);
    _exit(127);
  }
  return ended_well(child);
}

static int do_capabilities(char **a) {
  (void)a;
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {0x1ff, 0x1ff, 0x1ff}}, have[2];
  unshare(CLONE_NEWUSER);
  syscall(SYS_capset, &head, all);
  return syscall(SYS_capget, &head, have) == 0 && (have[0].effective & (1u << CAP_SYS_ADMIN)) != 0;
}

static int do_privileges(char **a) { /* would a set-user-ID program get its owner's power? */
  (void)a;
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static int do_type_ahead(char **a) { /* REQUEST: puts a key press into a terminal */
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 0;
  char name[64];
  if (ptsname_r(master, name, sizeof name) != 0) return 0;
  setsid();
  int slave = open(name, O_RDWR); /* the first terminal a session's leader opens becomes its own */
  return slave >= 0 && ioctl(slave, strtoull(a[0], NULL, 0), "x") == 0;
}

static int do_int80(char **a) { /* a call by the 32-bit door, whose numbers are others */
  (void)a;
#ifdef __x86_64__
  long result = 20; /* getpid there */
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "cc", "r8", "r9", "r10", "r11");
  return result == getpid();
#else
  return errno = ENOSYS, 0;
#endif
}

/* --- limits -------------------------------------------------------------------------------------------------- */

static int do_forks(char **a) { /* N: so many at once */
  long wanted = number(a[0]), made = 0;
  pid_t *children = calloc((size_t)wanted, sizeof *children);
  int held[2];
  if (children == NULL || pipe(held) != 0) return 0;
  int why = 0;
  for (; made < wanted; made++) {
    pid_t child = fork();
    if (child < 0) {
      why = errno;
      break;
    }
    if (child == 0) {
      char byte;
      close(held[1]);
      _exit(read(held[0], &byte, 1) == 0 ? 0 : 1);
    }
    children[made] = child;
  }
  close(held[1]);
  for (long i = 0; i < made; i++) waitpid(children[i], NULL, 0);
  snprintf(note, sizeof note, "started %ld", made);
  errno = why;
  return made == wanted;
}

static int do_memory(char **a) { /* BYTES */
  size_t bytes = (size_t)number(a[0]);
  char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return 0;
  alarm(DEADLINE_S * 8); /* a virtual machine may have to be given the memory first */
  madvise(at, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < bytes; i += 4096) at[i] = 1;
  return 1;
}

static int do_file_size(char **a) { /* grow|fill PATH BYTES */
  signal(SIGXFSZ, SIG_IGN);
  int fd = open(a[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return 0;
  int result = *a[0] == 'g' ? ftruncate(fd, number(a[2])) : fallocate(fd, 0, 0, number(a[2]));
  int why = errno;
  unlink(a[1]);
  errno = why;
  return result == 0;
}

static int do_files(char **a) { /* N descriptors at once */
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  long wanted = number(a[0]), have = 0;
  while (have < wanted && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) have++;
  int why = errno;
  close_range(3, ~0u, 0);
  errno = why;
  snprintf(note, sizeof note, "opened %ld", have);
  return have == wanted;
}

static int do_core(char **a) {
  (void)a;
  struct rlimit limit = {4096, 4096};
  return setrlimit(RLIMIT_CORE, &limit) == 0;
}

static int do_inotify(char **a) { /* N instances */
  long wanted = number(a[0]), have = 0;
  while (have < wanted && inotify_init1(IN_CLOEXEC) >= 0) have++;
  int why = errno;
  close_range(3, ~0u, 0);
  errno = why;
  snprintf(note, sizeof note, "made %ld", have);
  return have == wanted;
}

static int do_flood(char **a) { /* BYTES to standard output */
  static char page[4096];
  memset(page, '\n', sizeof page);
  for (long left = number(a[0]); left > 0; left -= (long)sizeof page)
    if (write(1, page, sizeof page) < 0) return 0;
  return 1;
}

static int do_linger(char **a) { /* MILLISECONDS, whatever polite signal comes */
  signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN), signal(SIGINT, SIG_IGN);
  alarm(0);
  usleep((useconds_t)number(a[0]) * 1000);
  return 1;
}

/* --- orders -------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  int least; /* arguments */
  attempt run;
} OPS[] = {
    {"read", 2, do_read},           {"list", 1, do_list},
    {"open-listed", 1, do_open_listed},
    {"open", 2, do_open},           {"plant", 2, do_plant},
    {"unlink", 1, do_unlink},       {"rename", 2, do_rename},
    {"exchange", 2, do_exchange},   {"swap", 3, do_swap},
    {"unlink-swap", 2, do_unlink_swap}, {"hardlink", 3, do_hardlink},
    {"symlink", 3, do_symlink},     {"symlink-write", 3, do_symlink_write},
    {"setid", 2, do_setid},         {"mknod", 1, do_mknod},
    {"wait-append", 3, do_wait_append}, {"descriptors", 1, do_descriptors},
    {"unix", 2, do_unix},           {"take-descriptor", 2, do_take_descriptor},
    {"give-descriptors", 2, do_give_descriptors}, {"net", 4, do_net},
    {"socket", 3, do_socket},       {"interface", 0, do_interface},
    {"shm", 3, do_shm},             {"shm-remove", 1, do_shm_remove},
    {"kill", 1, do_kill},           {"ptrace", 1, do_ptrace},
    {"vmread", 1, do_vmread},       {"getfd", 1, do_getfd},
    {"detach", 2, do_detach},       {"attended", 2, do_attended},
    {"call", 3, do_call},           {"clone", 2, do_clone},
    {"setns", 2, do_setns},         {"exec", 1, do_exec},
    {"capabilities", 0, do_capabilities}, {"privileges", 0, do_privileges},
    {"type-ahead", 1, do_type_ahead}, {"int80", 0, do_int80},
    {"forks", 1, do_forks},         {"memory", 1, do_memory},
    {"file-size", 3, do_file_size}, {"files", 1, do_files},
    {"core", 0, do_core},           {"inotify", 1, do_inotify},
    {"flood", 1, do_flood},         {"linger", 1, do_linger},
};

static void answer(const char *id, bool did, int why) {
  char line[1024];
  for (char *c = note; *c != 0; c++)
    if (*c < ' ' || *c == '"' || *c == '\\' || *c == 127) *c = '?';
  int size = snprintf(line, sizeof line, "{\"id\":\"%.100s\",\"did\":%s,\"errno\":%d,\"note\":\"%s\"}\n", id,
                      did ? "true" : "false", did ? 0 : why, note);
  if (size > 0 && write(1, line, (size_t)size) != size) _exit(3);
}

static char *in_place(char *argument) {
  const char *tmp = getenv("TMPDIR");
  char *path;
  if (strncmp(argument, "tmp:", 4) != 0) return argument;
  if (asprintf(&path, "%s/%s", tmp != NULL && *tmp != 0 ? tmp : "/tmp", argument + 4) < 0) _exit(3);
  return path;
}

static void attempt_one(const char *id, const char *op, char **args, int count) {
  alarm(DEADLINE_S);
  for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
    if (strcmp(OPS[i].name, op) != 0 || count < OPS[i].least) continue;
    errno = 0;
    bool did = OPS[i].run(args) == 1;
    answer(id, did, errno);
    alarm(0);
    return;
  }
  snprintf(note, sizeof note, "not an order");
  answer(id, false, EINVAL);
}

static void carry_out(char **fields, int count) {
  note[0] = 0;
  fields[count] = NULL;
  for (int i = 2; i < count; i++) fields[i] = in_place(fields[i]);
  pid_t child = fork();
  if (child <= 0) {
    attempt_one(fields[0], fields[1], fields + 2, count - 2);
    if (child == 0) _exit(0);
    return;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  snprintf(note, sizeof note, WIFSIGNALED(status) ? "ended by signal %d" : "ended with code %d",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  answer(fields[0], false, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? ETIMEDOUT : ECANCELED);
}

int main(int argc, char **argv) {
  static char orders[MAX_ORDERS + 2];
  size_t have = 0;
  ssize_t n;
  is_control = argc > 1 && strcmp(argv[1], "--control") == 0;
  while (have < MAX_ORDERS && (n = read(0, orders + have, MAX_ORDERS - have)) > 0) have += (size_t)n;
  if (have == 0 || have == MAX_ORDERS || orders[have - 1] != 0) return 2;
  signal(SIGPIPE, SIG_IGN);
  char *fields[MAX_ARGS + 1];
  int count = 0;
  for (char *at = orders; at < orders + have; at += strlen(at) + 1) {
    if (*at != 0) {
      if (count == MAX_ARGS) return 2;
      fields[count++] = at;
    } else {
      if (count < 2) return 2;
      carry_out(fields, count);
      count = 0;
    }
  }
  return count == 0 ? 0 : 2;
}
