/*
 * For programs that know nothing of proxies: makes a network in which every connection, wherever it goes, arrives at
 * one place, then becomes the program that builds a sandbox in it. A child stays behind and carries each connection
 * to the Unix socket of a proxy, which is told where it was to go and decides. The child is in nobody's sandbox: the
 * agent can neither see, signal nor trace it, and it ends with the builder, whatever ends that.
 *
 *   transparent --socket FD -- PROGRAM [ARG...]
 *   transparent --try NAME PORT      asks for a name and talks to it, as any program would: for who tries this out
 *
 * FD is the proxy's socket, opened with O_PATH. Names are answered here and never leave: see names.h.
 *
 * Whatever fails: one line on standard error with the step and the reason, exit code 125, and PROGRAM does not run.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bridge.h"
#include "names.h"
#include "rules.h"
#include "try.h"
#include "watch.h"

#define FAILED_EXIT 125
#define EVENTS_MAX 64
#define QUEUE 128
/* Beside what the kernel gives to connections that name no port of their own, and what servers are used to. */
#define TCP_PORT 61080
#define DNS_PORT 61053
/* <linux/netfilter_ipv4.h> and netfilter_ipv6/ip6_tables.h: both have this number */
#define ORIGINAL_DESTINATION 80

/* The ways in: connections, then questions, each by IPv4 and IPv6. */
enum way { TCP_4, TCP_6, DNS_4, DNS_6, WAYS };

static struct watched ways[WAYS];

static _Noreturn void fail(const char *step, int number) {
  fprintf(stderr, "warder-transparent: %s: %s (errno %d)\n", step, strerror(number), number);
  _exit(FAILED_EXIT);
}

static _Noreturn void misuse(const char *what) {
  fprintf(stderr, "warder-transparent: %s\n", what);
  _exit(FAILED_EXIT);
}

static void write_map(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) fail(path, errno);
  close(fd);
}

/* The network belongs to this user namespace; the sandbox gets one below it, which has no say here. */
static void enter_namespaces(void) {
  char map[64];
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) fail("making a namespace for the network", errno);
  write_map("/proc/self/setgroups", "deny");
  snprintf(map, sizeof map, "%u %u 1\n", uid, uid);
  write_map("/proc/self/uid_map", map);
  snprintf(map, sizeof map, "%u %u 1\n", gid, gid);
  write_map("/proc/self/gid_map", map);
}

static int open_way(enum way way) {
  const bool is_tcp = way == TCP_4 || way == TCP_6, is_six = way == TCP_6 || way == DNS_6;
  const uint16_t port = htons(is_tcp ? TCP_PORT : DNS_PORT);
  const struct sockaddr_in four = {
      .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const int kind = (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int fd = socket(is_six ? AF_INET6 : AF_INET, kind, 0);
  if (fd < 0) fail("opening a way in", errno);
  const int bound = is_six ? bind(fd, (const void *)&six, sizeof six) : bind(fd, (const void *)&four, sizeof four);
  if (bound != 0 || (is_tcp && listen(fd, QUEUE) != 0)) fail("opening a way in", errno);
  return fd;
}

/* A kernel without IPv6 has none to lead anywhere; the rules drop it all the same. */
static bool has_ipv6(void) {
  const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static void make_network(void) {
  const bool is_six_there = has_ipv6();
  int problem = rules_catch_everything(AF_INET);
  if (problem == 0 && is_six_there) problem = rules_catch_everything(AF_INET6);
  if (problem != 0) fail("leading every address here", problem);
  problem = rules_lead(TCP_PORT, DNS_PORT);
  if (problem != 0) fail("setting the rules (nf_tables with nat and redirect)", problem);
  for (enum way way = TCP_4; way < WAYS; way += 1) {
    const bool is_six = way == TCP_6 || way == DNS_6;
    ways[way] = (struct watched){.fd = is_six && !is_six_there ? -1 : open_way(way), .events = 0};
  }
}

/* Where a connection was to go, as a proxy is asked for it. False: nowhere that anybody may go. */
static bool destination_of(int came, bool is_six, char *text, size_t size) {
  struct sockaddr_in four;
  struct sockaddr_in6 six;
  socklen_t length = is_six ? sizeof six : sizeof four;
  char address[INET6_ADDRSTRLEN];
  if (getsockopt(came, is_six ? IPPROTO_IPV6 : IPPROTO_IP, ORIGINAL_DESTINATION, is_six ? (void *)&six : &four, &length) != 0)
    return false;
  if (is_six) {
    /* who came to this port itself was led by no rule */
    if (IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) || inet_ntop(AF_INET6, &six.sin6_addr, address, sizeof address) == NULL)
      return false;
    return snprintf(text, size, "[%s]:%u", address, ntohs(six.sin6_port)) < (int)size;
  }
  const uint32_t host = ntohl(four.sin_addr.s_addr);
  const char *name = name_of(host);
  if (host >> 24 == 127 || (name == NULL && is_name_address(host))) return false;
  if (name == NULL) name = inet_ntop(AF_INET, &four.sin_addr, address, sizeof address);
  return name != NULL && snprintf(text, size, "%s:%u", name, ntohs(four.sin_port)) < (int)size;
}

static void take_connection(enum way way) {
  char target[NAME_BYTES + 64], request[2 * sizeof target + 64];
  const int came = accept4(ways[way].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (came < 0) return;
  /* RFC 9110 section 9.3.6 */
  if (destination_of(came, way == TCP_6, target, sizeof target))
    snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
  else
    request[0] = '\0';
  bridge_ask(came, request);
}

static void answer_query(enum way way) {
  unsigned char query[QUERY_BYTES + 1], answer[ANSWER_BYTES];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  const ssize_t got = recvfrom(ways[way].fd, query, sizeof query, 0, (struct sockaddr *)&from, &size);
  const size_t length = got <= 0 ? 0 : names_answer(query, (size_t)got, answer);
  if (length > 0) sendto(ways[way].fd, answer, length, 0, (const struct sockaddr *)&from, size);
}

static void handle(const struct epoll_event *event) {
  const uint32_t number = (uint32_t)event->data.u64;
  if (event->data.u64 >> 32 == WATCH_BRIDGE) return bridge_event(number, event->events);
  if (number == DNS_4 || number == DNS_6) return answer_query((enum way)number);
  if (bridge_has_room()) take_connection((enum way)number);
}

static void wait_for_events(int epoll) {
  struct epoll_event events[EVENTS_MAX];
  for (enum way way = TCP_4; way < WAYS; way += 1) {
    /* who comes while all places are taken waits in the queue of the port */
    const bool is_open = way == DNS_4 || way == DNS_6 || bridge_has_room();
    watch(epoll, &ways[way], watch_tag(WATCH_BRIDGE_DOOR, way), is_open ? EPOLLIN : 0);
  }
  bridge_watch(epoll);
  const int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
  if (count < 0 && errno != EINTR) _exit(FAILED_EXIT);
  for (int i = 0; i < count; i += 1) handle(&events[i]);
}

/* Whatever the builder has open, the ends of the agent's pipes among them, would never end while it is open here. */
static void close_others(const int *kept, size_t count) {
  unsigned from = 3;
  for (;;) {
    unsigned next = ~0u;
    for (size_t i = 0; i < count; i += 1)
      if (kept[i] >= (int)from && (unsigned)kept[i] < next) next = (unsigned)kept[i];
    if (next == from) {
      from += 1;
      continue;
    }
    if (syscall(SYS_close_range, from, next == ~0u ? ~0u : next - 1, 0) != 0) fail("closing descriptors", errno);
    if (next == ~0u) return;
    from = next + 1;
  }
}

/* Nothing it will ever need takes a privilege, not even in its own namespace. */
static void give_up_privileges(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  const struct rlimit no_core = {0, 0};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
      setrlimit(RLIMIT_CORE, &no_core) != 0 || syscall(SYS_capset, &header, none) != 0)
    fail("giving up privileges", errno);
}

static _Noreturn void carry(int proxy, int ready, pid_t builder) {
  char path[64];
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
  const int kept[] = {nothing, proxy, ready, epoll, ways[TCP_4].fd, ways[TCP_6].fd, ways[DNS_4].fd, ways[DNS_6].fd};
  if (nothing < 0 || epoll < 0) fail("setting up the loop", errno);
  signal(SIGPIPE, SIG_IGN);
  close_others(kept, sizeof kept / sizeof kept[0]);
  give_up_privileges();
  setsid(); /* a key at the agent's terminal is not for us */
  snprintf(path, sizeof path, "/proc/self/fd/%d", proxy);
  if (bridge_aim(path) != NULL || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("dying with the builder", errno);
  if (getppid() != builder) _exit(FAILED_EXIT); /* it was gone before the line above */
  if (write(ready, "r", 1) != 1) _exit(FAILED_EXIT);
  close(ready);
  for (int i = 0; i < 3; i += 1) dup2(nothing, i);
  for (;;) wait_for_events(epoll);
}

static void leave_behind(int proxy) {
  int ready[2];
  char word;
  const pid_t self = getpid();
  if (pipe2(ready, O_CLOEXEC) != 0) fail("a pipe", errno);
  const pid_t child = fork();
  if (child < 0) fail("leaving a child behind", errno);
  if (child == 0) carry(proxy, ready[1], self);
  close(ready[1]);
  ssize_t got;
  do got = read(ready[0], &word, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1) misuse("the child that carries connections did not begin");
  close(ready[0]);
  close(proxy);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--try") == 0) return try_out(argv[2], argv[3]);
  if (argc < 5 || strcmp(argv[1], "--socket") != 0 || strcmp(argv[3], "--") != 0)
    misuse("usage: transparent --socket FD -- PROGRAM [ARG...]");
  char *end = NULL;
  const long proxy = strtol(argv[2], &end, 10);
  if (*end != '\0' || proxy < 3 || proxy > 1 << 20) misuse("--socket is no descriptor");
  enter_namespaces();
  make_network();
  leave_behind((int)proxy);
  execv(argv[4], argv + 4);
  fail(argv[4], errno);
}
