/* Who writes where: fanotify on whole file systems, because a mark on one mount does not see what a sandbox's does. */
#define _GNU_SOURCE
#include "lookout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOST_SYSTEMS 16
#define KNOWN 1024
#define KNOWN_MS 2000
#define MASK (FAN_CLOSE_WRITE | FAN_MODIFY | FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR)

char *own_places[MAX_PLACES];
int own_count;
char *host_places[MAX_PLACES];
int host_count;

static int group = -1;
static bool is_marked_for_host;
static struct {
  fsid_t id;
  int directory;
} systems[MOST_SYSTEMS];
static int system_count;

/* Directories seen lately, by what the kernel calls them, and whether anything of interest lies in or below them. */
static struct {
  uint64_t key, at;
  bool matters;
} known[KNOWN];

int writes_open(void) {
  if (group >= 0) return group;
  group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY | O_CLOEXEC);
  if (group < 0)
    say_source("fanotify", false,
               errno == EPERM ? "the kernel tells only root who writes where" : "the kernel has no fanotify with names");
  return group;
}

static bool is_same_system(const fsid_t *a, const fsid_t *b) { return memcmp(a, b, sizeof *a) == 0; }

void writes_mark(const char *named) {
  if (group < 0) return;
  struct statfs system;
  char path[PATH_MAX];
  if (strlen(named) >= sizeof path) return;
  strcpy(path, named);
  /* what is not there yet will be made on the file system of what is */
  while (statfs(path, &system) != 0) {
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == 0) return;
    slash[slash == path ? 1 : 0] = 0;
  }
  const uint64_t mask = watches_host ? MASK | FAN_ATTRIB : MASK;
  for (int i = 0; i < system_count; i++)
    if (is_same_system(&systems[i].id, &system.f_fsid)) {
      if (watches_host && !is_marked_for_host)
        fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path);
      is_marked_for_host = watches_host;
      return;
    }
  struct stat seen;
  char directory[PATH_MAX];
  strcpy(directory, path);
  if (stat(path, &seen) == 0 && !S_ISDIR(seen.st_mode)) {
    char *slash = strrchr(directory, '/');
    if (slash != NULL) slash[slash == directory ? 1 : 0] = 0;
  }
  const int fd = system_count < MOST_SYSTEMS ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path) != 0) {
    char why[PATH_MAX + 128];
    snprintf(why, sizeof why, "the file system of %s cannot be watched: %s", path, strerror(errno));
    say_source("fanotify", false, why);
    if (fd >= 0) close(fd);
    return;
  }
  is_marked_for_host = watches_host;
  systems[system_count].id = system.f_fsid;
  systems[system_count++].directory = fd;
  say_source("fanotify", true, "every write to the file systems of workspaces, with who wrote");
}

void writes_forget_paths(void) { memset(known, 0, sizeof known); }

static bool is_within(const char *path, const char *place) {
  const size_t length = strlen(place);
  return strncmp(path, place, length) == 0 && (path[length] == 0 || path[length] == '/' || (length == 1 && place[0] == '/'));
}

static bool is_in_any(const char *path, char **places, int count) {
  for (int i = 0; i < count; i++)
    if (is_within(path, places[i])) return true;
  return false;
}

/* A run's own tree, by path. */
static unsigned tree_of(const char *path) {
  for (unsigned number = 1; number <= MAX_RUNS; number++)
    if (runs[number].used && runs[number].over_ms == 0 && is_in_any(path, runs[number].trees, runs[number].tree_count))
      return number;
  return NOBODY;
}

/* A place is a file's: then its directory matters as well. */
static bool leads_to_place(const char *directory) {
  for (int i = 0; i < host_count; i++)
    if (is_within(directory, host_places[i]) || is_within(host_places[i], directory)) return true;
  return false;
}

static void say_write(const char *kind, pid_t pid, const char *path, uint64_t mask) {
  say_begin(kind);
  say_number("pid", pid);
  say_program("program", pid);
  say_text("path", path);
  say_text("did", (mask & FAN_DELETE) != 0                        ? "removed"
                  : (mask & (FAN_MOVED_FROM | FAN_MOVED_TO)) != 0 ? "renamed"
                  : (mask & FAN_CREATE) != 0                      ? "made"
                  : (mask & FAN_ATTRIB) != 0                      ? "changed the mode of"
                                                                  : "wrote");
}

static void check_host_write(pid_t pid, const char *path, uint64_t mask) {
  struct stat seen;
  if (lstat(path, &seen) == 0 && S_ISREG(seen.st_mode) && (seen.st_mode & (S_ISUID | S_ISGID)) != 0 &&
      (seen.st_mode & 0111) != 0 && !said_lately("setid", (long)seen.st_ino, seen.st_mode)) {
    say_write("setid", pid, path, mask);
    say_number("mode", seen.st_mode & 07777);
    say_number("owner", seen.st_uid);
    say_end();
  }
  if (!is_in_any(path, host_places, host_count)) return;
  if (said_lately("place", pid, (long)mask)) return;
  say_write("place", pid, path, mask);
  say_end();
}

static void check_write(pid_t pid, const char *path, uint64_t mask) {
  const unsigned of = owner_of(pid);
  if (of == OWN) return;
  if (of != NOBODY && is_in_any(path, runs[of].may, runs[of].may_count)) return;
  const unsigned tree = tree_of(path);
  /* what a run writes aside lies among Warder's own: there it is its tree all the same */
  if (tree == NOBODY && is_in_any(path, own_places, own_count)) return;
  if (of == NOBODY && watches_host) check_host_write(pid, path, mask);
  if ((mask & ~(uint64_t)FAN_ONDIR) == FAN_ATTRIB) return;
  if (of == NOBODY && tree == NOBODY) return;
  if (said_lately("write", pid, (long)(tree * 1000 + of))) return;
  say_write("write", pid, path, mask);
  say_text("run", owner_name(tree));
  say_text("by", owner_name(of));
  say_end();
}

/* Only directories in which something is told of are worth a name. */
static bool may_matter(pid_t pid, const char *directory) {
  (void)pid;
  return watches_host || tree_of(directory) != NOBODY || leads_to_place(directory);
}

static uint64_t key_of(const struct file_handle *handle, const fsid_t *id) {
  uint64_t key = 1469598103934665603u;
  const unsigned char *bytes = handle->f_handle;
  for (unsigned i = 0; i < handle->handle_bytes; i++) key = (key ^ bytes[i]) * 1099511628211u;
  for (size_t i = 0; i < sizeof *id; i++) key = (key ^ ((const unsigned char *)id)[i]) * 1099511628211u;
  return key | 1;
}

static bool path_of(const struct file_handle *handle, const fsid_t *id, char *path) {
  for (int i = 0; i < system_count; i++) {
    if (!is_same_system(&systems[i].id, id)) continue;
    const int fd = open_by_handle_at(systems[i].directory, (struct file_handle *)handle, O_PATH | O_CLOEXEC);
    if (fd < 0) return false;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, PATH_MAX - 1);
    close(fd);
    if (length <= 0) return false;
    path[length] = 0;
    return true;
  }
  return false;
}

static void take_named(pid_t pid, uint64_t mask, const struct fanotify_event_info_fid *info) {
  const struct file_handle *handle = (const struct file_handle *)info->handle;
  const fsid_t *id = (const fsid_t *)&info->fsid;
  const char *name = (const char *)handle->f_handle + handle->handle_bytes;
  const unsigned of = owner_of(pid);
  if (of == OWN) return;
  const uint64_t key = key_of(handle, id);
  const size_t slot = (size_t)(key % KNOWN);
  /* a member's write is looked at wherever it is */
  const bool is_stranger = of == NOBODY;
  if (is_stranger && known[slot].key == key && !known[slot].matters && now_ms() - known[slot].at < KNOWN_MS) return;
  char path[PATH_MAX + NAME_MAX + 2];
  if (!path_of(handle, id, path)) return;
  if (is_stranger) {
    known[slot].key = key;
    known[slot].at = now_ms();
    known[slot].matters = may_matter(pid, path);
    if (!known[slot].matters) return;
  }
  if (strcmp(name, ".") != 0) {
    const size_t length = strlen(path);
    snprintf(path + length, sizeof path - length, "%s%s", length == 1 ? "" : "/", name);
  }
  check_write(pid, path, mask);
}

void writes_take(int fd) {
  static char buffer[256 * 1024] __attribute__((aligned(8)));
  for (int rounds = 0; rounds < 16; rounds++) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) return;
    for (const struct fanotify_event_metadata *event = (void *)buffer; FAN_EVENT_OK(event, got);
         event = FAN_EVENT_NEXT(event, got)) {
      if (event->mask & FAN_Q_OVERFLOW) {
        if (said_lately("lost", 1, 0)) continue;
        say_begin("lost");
        say_text("source", "fanotify");
        say_end();
        continue;
      }
      /* a folder that was moved takes everything below to another name */
      if ((event->mask & FAN_ONDIR) && (event->mask & (FAN_MOVED_FROM | FAN_MOVED_TO))) writes_forget_paths();
      if (event->event_len <= event->metadata_len) continue;
      const struct fanotify_event_info_fid *info = (const void *)((const char *)event + event->metadata_len);
      if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME) take_named(event->pid, event->mask, info);
    }
  }
}
