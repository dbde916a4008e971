/*
 * Stands in front of the program that builds a sandbox: sets what must hold before anything is built, then becomes
 * that program. It runs no code of the agent's and reads no file.
 *
 *   launcher --keep N [--parent PID] [--limit NAME VALUE] [--cgroup FD] [--overlay LOWER UPPER WORK MERGED] -- PROGRAM [ARG...]
 *
 * --parent   die with that process, and refuse to begin when it is gone already
 * --keep     close every descriptor from N up
 * --limit    core, fsize, nofile or nproc; soft and hard
 * --cgroup   join the group whose cgroup.procs is open there
 * --overlay  lay a writable layer over a directory, all given as open directories; the merged tree is left open at
 *            MERGED (at or above N), and stands over UPPER in a mount namespace of its own
 *
 *   launcher --foreman FD
 *
 * The second form stays: it starts a launcher for each order that comes on the socket FD; see foreman.h.
 *
 * Whatever fails: one line on standard error with the step and the reason, exit code 125, and PROGRAM does not run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "foreman.h"

#define FAILED_EXIT 125
#define LIST_MAX 16

struct overlay {
  int lower, upper, work, merged;
};

struct orders {
  long parent;
  long keep;
  int cgroups[LIST_MAX];
  size_t cgroup_count;
  struct overlay overlays[LIST_MAX];
  size_t overlay_count;
  struct rlimit limits[RLIM_NLIMITS];
  int limited[RLIM_NLIMITS];
  char **program;
};

static _Noreturn void fail(const char *step, int number) {
  fprintf(stderr, "warder-launcher: %s: %s (errno %d)\n", step, strerror(number), number);
  _exit(FAILED_EXIT);
}

static _Noreturn void misuse(const char *what) {
  fprintf(stderr, "warder-launcher: %s\n", what);
  _exit(FAILED_EXIT);
}

static unsigned long long number_of(const char *text) {
  char *end = NULL;
  errno = 0;
  if (text == NULL || text[0] < '0' || text[0] > '9') misuse("a number is missing or malformed");
  const unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0') misuse("a number is malformed or too large");
  return value;
}

static int descriptor_of(const char *text) {
  const unsigned long long value = number_of(text);
  if (value > 1u << 20) misuse("a descriptor is out of range");
  return (int)value;
}

static void take_limit(struct orders *orders, const char *name, const char *value) {
  static const struct {
    const char *name;
    int resource;
  } known[] = {{"core", RLIMIT_CORE}, {"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i += 1) {
    if (name == NULL || strcmp(name, known[i].name) != 0) continue;
    const rlim_t most = number_of(value);
    orders->limits[known[i].resource] = (struct rlimit){.rlim_cur = most, .rlim_max = most};
    orders->limited[known[i].resource] = 1;
    return;
  }
  misuse("--limit knows core, fsize, nofile and nproc");
}

/* Reads one option at `at`; returns how many words it took. */
static int take_option(struct orders *orders, char **at, int left) {
  if (strcmp(at[0], "--parent") == 0 && left >= 2) {
    orders->parent = (long)number_of(at[1]);
    if (orders->parent < 1) misuse("--parent is no process");
    return 2;
  }
  if (strcmp(at[0], "--keep") == 0 && left >= 2) {
    orders->keep = descriptor_of(at[1]);
    return 2;
  }
  if (strcmp(at[0], "--limit") == 0 && left >= 3) {
    take_limit(orders, at[1], at[2]);
    return 3;
  }
  if (strcmp(at[0], "--cgroup") == 0 && left >= 2 && orders->cgroup_count < LIST_MAX) {
    orders->cgroups[orders->cgroup_count++] = descriptor_of(at[1]);
    return 2;
  }
  if (strcmp(at[0], "--overlay") == 0 && left >= 5 && orders->overlay_count < LIST_MAX) {
    orders->overlays[orders->overlay_count++] = (struct overlay){descriptor_of(at[1]), descriptor_of(at[2]),
                                                                 descriptor_of(at[3]), descriptor_of(at[4])};
    return 5;
  }
  misuse("unknown, incomplete or repeated option");
}

static void read_orders(struct orders *orders, int argc, char **argv) {
  int at = 1;
  while (at < argc && strcmp(argv[at], "--") != 0) at += take_option(orders, argv + at, argc - at);
  if (at + 1 >= argc) misuse("the program to become is missing");
  if (orders->keep < 3) misuse("--keep is needed, and keeps 0 to 2 at least");
  orders->program = argv + at + 1;
}

static void die_with(long parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("dying with the daemon", errno);
  /* it may have died before the line above; then nobody will ever end us */
  if (getppid() != parent) misuse("the daemon that started this is gone");
}

static void set_limits(const struct orders *orders) {
  for (int resource = 0; resource < RLIM_NLIMITS; resource += 1) {
    if (!orders->limited[resource]) continue;
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) fail("reading a limit", errno);
    struct rlimit wanted = orders->limits[resource];
    /* a stricter limit that holds already stays: raising one needs privilege and is nobody's wish */
    if (now.rlim_max < wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
    if (setrlimit(resource, &wanted) != 0) fail("setting a limit", errno);
  }
}

static void join(int group) {
  ssize_t done;
  do done = write(group, "0", 1);
  while (done < 0 && errno == EINTR);
  if (done != 1) fail("joining a control group", errno);
  close(group);
}

static void write_map(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) fail(path, errno);
  close(fd);
}

/* A user namespace in which we are who we are, and nobody else exists: enough to mount an overlay of our own files. */
static void enter_namespaces(void) {
  char map[64];
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("making a namespace for the overlay", errno);
  write_map("/proc/self/setgroups", "deny");
  snprintf(map, sizeof map, "%u %u 1\n", uid, uid);
  write_map("/proc/self/uid_map", map);
  snprintf(map, sizeof map, "%u %u 1\n", gid, gid);
  write_map("/proc/self/gid_map", map);
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) fail("detaching from the mounts of the host", errno);
}

/*
 * The kernel lays only what belongs to the mount namespace we are in now, and these were opened in the one before. So
 * each is found again by the name the kernel gives for it, and must be the very same directory.
 */
static void find_again(int directory) {
  char link[64], path[PATH_MAX];
  struct stat before, now;
  snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0 || path[0] != '/') fail("naming a layer", length < 0 ? errno : ENOENT);
  path[length] = '\0';
  const int again = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (again < 0) fail(path, errno);
  if (fstat(directory, &before) != 0 || fstat(again, &now) != 0) fail(path, errno);
  if (before.st_dev != now.st_dev || before.st_ino != now.st_ino) misuse("a layer was exchanged");
  if (dup3(again, directory, O_CLOEXEC) < 0) fail(path, errno);
  close(again);
}

/* The kernel says more than a number when it is asked in the context: lines such as "e overlay: ...". */
static _Noreturn void fail_in(int context, const char *step) {
  char said[256];
  const int number = errno;
  const ssize_t length = read(context, said, sizeof said - 1);
  if (length > 0) fprintf(stderr, "warder-launcher: the kernel says: %.*s\n", (int)length, said);
  fail(step, number);
}

/* Directories go by number and never by name: whatever a name holds, and whoever exchanges it, does not matter. */
static void set_layer(int context, const char *key, int directory) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
  if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, path, 0) != 0) fail_in(context, key);
}

/* Leaves `fd` open at `number`, without close-on-exec: it is for the program we become. */
static void hand_on(int fd, int number) {
  if (fd == number) {
    if (fcntl(fd, F_SETFD, 0) != 0) fail("handing on the overlay", errno);
    return;
  }
  if (dup2(fd, number) < 0) fail("handing on the overlay", errno);
  close(fd);
}

static void lay(const struct overlay *overlay) {
  find_again(overlay->lower);
  find_again(overlay->upper);
  find_again(overlay->work);
  const int context = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
  if (context < 0) fail("opening the overlay file system", errno);
  set_layer(context, "lowerdir", overlay->lower);
  set_layer(context, "upperdir", overlay->upper);
  set_layer(context, "workdir", overlay->work);
  if (syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) != 0) fail_in(context, "userxattr");
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) fail_in(context, "making the overlay");
  const int tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (tree < 0) fail("mounting the overlay", errno);
  if (syscall(SYS_move_mount, tree, "", overlay->upper, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    fail("placing the overlay", errno);
  close(context);
  close(overlay->lower);
  close(overlay->upper);
  close(overlay->work);
  hand_on(tree, overlay->merged);
}

static void become(int argc, char **argv) {
  static struct orders orders;
  read_orders(&orders, argc, argv);
  if (orders.parent > 0) die_with(orders.parent);
  set_limits(&orders);
  for (size_t i = 0; i < orders.cgroup_count; i += 1) join(orders.cgroups[i]);
  if (syscall(SYS_close_range, (unsigned)orders.keep, ~0u, 0) != 0) fail("closing inherited descriptors", errno);
  /* who has become somebody else cannot open what is its own under /proc until it says so; what it has open now is no
     more than the builder will have */
  if (prctl(PR_SET_DUMPABLE, 1) != 0) fail("becoming readable to its own user", errno);
  if (orders.overlay_count > 0) enter_namespaces();
  for (size_t i = 0; i < orders.overlay_count; i += 1) lay(&orders.overlays[i]);
  execv(orders.program[0], orders.program);
  fail(orders.program[0], errno);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--foreman") == 0) foreman_serve(descriptor_of(argv[2]), become);
  become(argc, argv);
}
