/*
 * sentry: tells who touches files, at the moment they do.
 *
 *     sentry
 *
 * Orders come on the standard input, each a letter, a text and a NUL:
 *     O PATH  tell of every opening of this file and every write to it, whoever holds which name of it
 *     D PATH  tell of everything that changes in this directory: made, removed, moved, written, its rights
 *     I PID   say nothing of what this process does
 *     R TEXT  answer with a line `ready TEXT`: everything before it has been done
 * It ends with its standard input. What it tells goes to the standard output, a line each, fields parted by tabs, with
 * control characters and % as %XX:
 *     source KIND DETAIL            fanotify (with who it was) or inotify (without), once at the start
 *     watch KIND PATH               this one is watched, and by which of the two
 *     fail PATH REASON              it is not
 *     touch WHAT PATH PID UID NAMESPACE START PROGRAM COMMAND    PID 0: nobody knows
 *     lost COUNT                    so many lines were not written, because nobody read them
 *
 * Openings are permission events: whoever opens a watched file is held until its /proc was read, so that a process which
 * is gone a moment later is still named. Every one is let go on, at once and before anything is written; should this
 * program end, the kernel lets all go on. That is also the way out where reading the events would itself wait for an
 * answer of ours (a file of an overlay is told of together with the file below it): no round takes longer than
 * ROUND_SECONDS, or the program ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif
#ifndef FAN_REPORT_DFID_NAME
#define FAN_REPORT_DFID_NAME 0x00000c00
#endif

#define MOST_HANDLE 128
#define MOST_IGNORED 16
#define OUT_ROOM (256 * 1024)
#define ROUND_SECONDS 2

/* A directory, by its handle (fanotify) or watch number (inotify). */
struct place {
    char *path;
    unsigned type;
    unsigned handle_bytes;
    unsigned char handle[MOST_HANDLE];
};

/* A file whose openings are told of, by what it is and not by its name. */
struct bait {
    char *path;
    dev_t device;
    ino_t inode;
};

struct list {
    void *at;
    size_t count, room;
};

static int opens = -1, changes = -1, plain = -1;
static struct list places, baits, plain_paths; /* plain_paths: char * by watch number */
static pid_t ignored[MOST_IGNORED];
static int ignored_count;

/* --- what is said ---------------------------------------------------------------------------------------------- */

static char out[OUT_ROOM];
static size_t out_used;
static unsigned long lost;

static void flush_out(void)
{
    while (out_used > 0) {
        ssize_t sent = write(STDOUT_FILENO, out, out_used);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return; /* full: later; broken: the input ends as well */
        memmove(out, out + sent, out_used - (size_t)sent);
        out_used -= (size_t)sent;
    }
}

static size_t escaped(char *to, size_t room, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != 0 && used + 4 < room; at++) {
        if (*at >= 0x20 && *at != 0x7f && *at != '%') {
            to[used++] = (char)*at;
        } else {
            to[used++] = '%';
            to[used++] = digits[*at >> 4];
            to[used++] = digits[*at & 15];
        }
    }
    to[used] = 0;
    return used;
}

/* One line; never waits: a reader that is itself waiting for a file we hold must not wait for ever. */
static void say(const char *const *fields, int count)
{
    static char line[9 * 3 * PATH_MAX];
    size_t used = 0;
    if (lost > 0 && out_used < OUT_ROOM / 2) {
        unsigned long what = lost;
        lost = 0;
        out_used += (size_t)snprintf(out + out_used, 64, "lost\t%lu\n", what);
    }
    for (int i = 0; i < count; i++) {
        if (i > 0) line[used++] = '\t';
        used += escaped(line + used, 3 * PATH_MAX, fields[i]);
    }
    line[used++] = '\n';
    if (out_used + used > OUT_ROOM - 64) flush_out();
    if (out_used + used > OUT_ROOM - 64) {
        lost++;
        return;
    }
    memcpy(out + out_used, line, used);
    out_used += used;
}

static void say3(const char *a, const char *b, const char *c)
{
    const char *fields[] = {a, b, c};
    say(fields, 3);
}

/* --- who it was ------------------------------------------------------------------------------------------------ */

struct who {
    char pid[16], uid[16], space[32], start[32], program[PATH_MAX], command[64];
};

static ssize_t read_file(const char *path, char *to, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, to, room - 1);
    close(fd);
    to[got > 0 ? got : 0] = 0;
    return got;
}

static void read_stat(struct who *who, pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof text) <= 0) return;
    char *open_at = strchr(text, '('), *close_at = strrchr(text, ')');
    if (open_at == NULL || close_at == NULL || close_at < open_at) return;
    snprintf(who->command, sizeof who->command, "%.*s", (int)(close_at - open_at - 1), open_at + 1);
    char *field = close_at + 2;
    for (int i = 3; i < 22 && field != NULL; i++) {
        field = strchr(field, ' ');
        if (field != NULL) field++;
    }
    if (field != NULL) snprintf(who->start, sizeof who->start, "%.*s", (int)strcspn(field, " \n"), field);
}

static void know(struct who *who, pid_t pid)
{
    char path[64], text[4096];
    memset(who, 0, sizeof *who);
    snprintf(who->pid, sizeof who->pid, "%d", (int)pid);
    if (pid <= 0) return;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, who->program, sizeof who->program - 1);
    who->program[length > 0 ? length : 0] = 0;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
    length = readlink(path, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    char *bracket = strchr(text, '[');
    if (bracket != NULL)
        snprintf(who->space, sizeof who->space, "%.*s", (int)strcspn(bracket + 1, "]"), bracket + 1);
    read_stat(who, pid);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (read_file(path, text, sizeof text) <= 0) return;
    char *uid = strstr(text, "\nUid:");
    if (uid == NULL) return;
    uid += 5;
    uid += strspn(uid, " \t");
    snprintf(who->uid, sizeof who->uid, "%.*s", (int)strcspn(uid, " \t\n"), uid);
}

static bool is_ignored(pid_t pid)
{
    if (pid == getpid()) return true;
    for (int i = 0; i < ignored_count; i++)
        if (ignored[i] == pid) return true;
    return false;
}

static void tell(const char *what, const char *path, const struct who *who)
{
    const char *fields[] = {"touch",    what,       path,         who->pid,    who->uid,
                            who->space, who->start, who->program, who->command};
    say(fields, 9);
}

/* --- lists ----------------------------------------------------------------------------------------------------- */

static void *added(struct list *list, size_t size)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        void *at = realloc(list->at, room * size);
        if (at == NULL) return NULL;
        list->at = at;
        list->room = room;
    }
    void *item = (char *)list->at + list->count * size;
    memset(item, 0, size);
    list->count++;
    return item;
}

/* --- orders ---------------------------------------------------------------------------------------------------- */

static void watch_plainly(const char *path, uint32_t mask)
{
    int number = plain < 0 ? -1 : inotify_add_watch(plain, path, mask);
    if (number < 0) {
        say3("fail", path, strerror(errno));
        return;
    }
    while (plain_paths.count <= (size_t)number)
        if (added(&plain_paths, sizeof(char *)) == NULL) return;
    char **slot = (char **)plain_paths.at + number;
    free(*slot);
    *slot = strdup(path);
    say3("watch", "inotify", path);
}

static void watch_file(const char *path)
{
    struct stat found;
    if (lstat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        say3("fail", path, "there is no such file");
        return;
    }
    uint64_t mask = FAN_OPEN_PERM | FAN_MODIFY;
    if (opens >= 0 && fanotify_mark(opens, FAN_MARK_ADD | FAN_MARK_DONT_FOLLOW, mask, AT_FDCWD, path) == 0) {
        struct bait *bait = added(&baits, sizeof *bait);
        if (bait == NULL) return;
        bait->path = strdup(path);
        bait->device = found.st_dev;
        bait->inode = found.st_ino;
        say3("watch", "fanotify", path);
        return;
    }
    watch_plainly(path, IN_OPEN | IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW);
}

/* A mark on a directory is only good where the kernel's handle for it can be told from others. */
static bool watch_by_handle(const char *path)
{
    union {
        struct file_handle handle;
        unsigned char room[sizeof(struct file_handle) + MOST_HANDLE];
    } known;
    int mount_id;
    if (changes < 0) return false;
    known.handle.handle_bytes = MOST_HANDLE;
    if (name_to_handle_at(AT_FDCWD, path, &known.handle, &mount_id, AT_HANDLE_FID) != 0) {
        known.handle.handle_bytes = MOST_HANDLE;
        if (name_to_handle_at(AT_FDCWD, path, &known.handle, &mount_id, 0) != 0) return false;
    }
    uint64_t mask = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_MODIFY | FAN_CLOSE_WRITE |
                    FAN_ATTRIB | FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ONDIR | FAN_EVENT_ON_CHILD;
    unsigned flags = FAN_MARK_ADD | FAN_MARK_ONLYDIR | FAN_MARK_DONT_FOLLOW;
    if (fanotify_mark(changes, flags, mask, AT_FDCWD, path) != 0) return false;
    struct place *place = added(&places, sizeof *place);
    if (place == NULL) return false;
    place->path = strdup(path);
    place->type = (unsigned)known.handle.handle_type;
    place->handle_bytes = known.handle.handle_bytes;
    memcpy(place->handle, known.handle.f_handle, known.handle.handle_bytes);
    say3("watch", "fanotify", path);
    return true;
}

static void watch_directory(const char *path)
{
    if (watch_by_handle(path)) return;
    watch_plainly(path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |
                            IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW);
}

static void obey(const char *order)
{
    switch (order[0]) {
    case 'O': watch_file(order + 1); break;
    case 'D': watch_directory(order + 1); break;
    case 'I':
        if (ignored_count < MOST_IGNORED) ignored[ignored_count++] = (pid_t)atoi(order + 1);
        break;
    case 'R': {
        const char *fields[] = {"ready", order + 1};
        say(fields, 2);
        break;
    }
    default: say3("fail", order, "unknown order");
    }
}

/* @returns false when there will be no more orders */
static bool read_orders(void)
{
    static char buffer[2 * PATH_MAX];
    static size_t used;
    ssize_t got = read(STDIN_FILENO, buffer + used, sizeof buffer - used);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    used += (size_t)got;
    for (;;) {
        char *end = memchr(buffer, 0, used);
        if (end == NULL) return used < sizeof buffer;
        size_t length = (size_t)(end - buffer) + 1;
        obey(buffer);
        memmove(buffer, buffer + length, used - length);
        used -= length;
    }
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static const char *bait_of(int fd)
{
    struct stat found;
    if (fstat(fd, &found) != 0) return NULL;
    for (size_t i = 0; i < baits.count; i++) {
        struct bait *bait = (struct bait *)baits.at + i;
        if (bait->device == found.st_dev && bait->inode == found.st_ino) return bait->path;
    }
    return NULL;
}

static void heard_opening(const struct fanotify_event_metadata *event)
{
    struct who who;
    bool is_asked = (event->mask & FAN_OPEN_PERM) != 0;
    bool is_told = !is_ignored(event->pid);
    if (is_told) know(&who, event->pid);
    if (is_asked) {
        struct fanotify_response yes = {.fd = event->fd, .response = FAN_ALLOW};
        if (write(opens, &yes, sizeof yes) < 0) lost++;
    }
    const char *path = bait_of(event->fd);
    if (is_told && path != NULL) tell(is_asked ? "open" : "write", path, &who);
}

static void read_openings(void)
{
    static struct fanotify_event_metadata buffer[256];
    ssize_t length = read(opens, buffer, sizeof buffer);
    if (length <= 0) return;
    struct fanotify_event_metadata *event = buffer;
    for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length)) {
        if (event->mask & FAN_Q_OVERFLOW) lost++;
        if (event->fd < 0) continue;
        heard_opening(event);
        close(event->fd);
    }
}

static const char *word_of(uint64_t mask)
{
    if (mask & (FAN_CREATE | FAN_MOVED_TO)) return "make";
    if (mask & (FAN_DELETE | FAN_MOVED_FROM | FAN_DELETE_SELF | FAN_MOVE_SELF)) return "remove";
    if (mask & FAN_ATTRIB) return "attribute";
    return "write";
}

/* The directory's path and the name in it, or NULL for a directory we do not know. */
static const char *path_of(const struct fanotify_event_metadata *event)
{
    static char path[2 * PATH_MAX];
    const unsigned char *at = (const unsigned char *)event + event->metadata_len;
    const unsigned char *end = (const unsigned char *)event + event->event_len;
    while (at + sizeof(struct fanotify_event_info_fid) <= end) {
        const struct fanotify_event_info_fid *info = (const void *)at;
        if (info->hdr.len < sizeof *info || at + info->hdr.len > end) return NULL;
        if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME ||
            info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID) {
            struct file_handle handle;
            memcpy(&handle, info->handle, sizeof handle);
            const unsigned char *bytes = (const unsigned char *)info->handle + sizeof handle;
            if (bytes + handle.handle_bytes > end) return NULL;
            for (size_t i = 0; i < places.count; i++) {
                struct place *place = (struct place *)places.at + i;
                if (place->type != (unsigned)handle.handle_type || place->handle_bytes != handle.handle_bytes ||
                    memcmp(place->handle, bytes, handle.handle_bytes) != 0)
                    continue;
                const char *name = (const char *)bytes + handle.handle_bytes;
                bool is_named = info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME && strcmp(name, ".") != 0;
                snprintf(path, sizeof path, is_named ? "%s/%s" : "%s", place->path, name);
                return path;
            }
            return NULL;
        }
        at += info->hdr.len;
    }
    return NULL;
}

static void read_changes(void)
{
    static struct fanotify_event_metadata buffer[1024];
    ssize_t length = read(changes, buffer, sizeof buffer);
    if (length <= 0) return;
    struct fanotify_event_metadata *event = buffer;
    for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length)) {
        if (event->mask & FAN_Q_OVERFLOW) lost++;
        if (is_ignored(event->pid)) continue;
        struct who who;
        know(&who, event->pid);
        const char *path = path_of(event);
        if (path != NULL) tell(word_of(event->mask), path, &who);
    }
}

static const char *plain_word(uint32_t mask)
{
    if (mask & IN_OPEN) return "open";
    if (mask & (IN_CREATE | IN_MOVED_TO)) return "make";
    if (mask & (IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF)) return "remove";
    return mask & IN_ATTRIB ? "attribute" : "write";
}

static void read_plain(void)
{
    static char buffer[64 * 1024] __attribute__((aligned(8)));
    ssize_t length = read(plain, buffer, sizeof buffer);
    static const struct who nobody = {.pid = "0"};
    for (char *at = buffer; length > 0 && at < buffer + length;) {
        const struct inotify_event *event = (const void *)at;
        at += sizeof *event + event->len;
        if (event->mask & IN_Q_OVERFLOW) lost++;
        if (event->wd < 0 || (size_t)event->wd >= plain_paths.count || (event->mask & IN_IGNORED)) continue;
        const char *path = ((char **)plain_paths.at)[event->wd];
        char whole[2 * PATH_MAX];
        if (path == NULL) continue;
        snprintf(whole, sizeof whole, event->len > 0 ? "%s/%s" : "%s", path, event->len > 0 ? event->name : "");
        tell(plain_word(event->mask), whole, &nobody);
    }
}

int main(void)
{
    unsigned common = FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS;
    opens = fanotify_init(FAN_CLASS_CONTENT | common, O_RDONLY | O_LARGEFILE | O_CLOEXEC);
    int why = errno;
    if (opens >= 0) changes = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | common, 0);
    plain = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
    if (opens >= 0) say3("source", "fanotify", "");
    else say3("source", "inotify", strerror(why));
    for (;;) {
        flush_out();
        struct pollfd waits[] = {
            {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = opens, .events = POLLIN},
            {.fd = changes, .events = POLLIN},      {.fd = plain, .events = POLLIN},
            {.fd = out_used > 0 ? STDOUT_FILENO : -1, .events = POLLOUT},
        };
        if (poll(waits, 5, -1) < 0) {
            if (errno == EINTR) continue;
            return 1;
        }
        alarm(ROUND_SECONDS);
        /* whoever waits to open a file first */
        if (waits[1].revents) read_openings();
        if (waits[2].revents) read_changes();
        if (waits[3].revents) read_plain();
        if (waits[4].revents & (POLLERR | POLLHUP)) return 0;
        if (waits[0].revents && !read_orders()) return 0;
        alarm(0);
    }
}
