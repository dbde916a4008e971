/* Who speaks past the bridge of a run, and who tries the ports of the host one after the other. */
#define _GNU_SOURCE
#include "lookout.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_SOURCES 1024
#define MOST_PORTS 64

/* ---- the network of a run ---- */

static bool is_loopback(const char *hex) {
  const size_t length = strlen(hex);
  /* addresses stand as the machine keeps them, in words of four bytes */
  if (length == 8) return strcmp(hex + 6, "7F") == 0 || strcmp(hex, "00000000") == 0;
  if (strcmp(hex, "00000000000000000000000000000000") == 0) return true;
  if (strcmp(hex, "00000000000000000000000001000000") == 0) return true;
  return strncmp(hex, "0000000000000000FFFF0000", 24) == 0 && strcmp(hex + 30, "7F") == 0;
}

static void say_connection(unsigned number, pid_t pid, const char *protocol, const char *remote, unsigned port) {
  say_begin("connection");
  say_text("run", runs[number].id);
  if (pid > 0) {
    say_number("pid", pid);
    say_program("program", pid);
  }
  say_text("protocol", protocol);
  say_text("remote", remote);
  say_number("port", port);
  say_end();
}

static const char *const PROTOCOLS[] = {"tcp", "tcp6", "udp", "udp6", "raw", "raw6"};
#define PROTOCOL_COUNT (sizeof PROTOCOLS / sizeof *PROTOCOLS)

struct socket_line {
  char local[40], remote[40];
  unsigned port;
  unsigned long inode;
};

static bool next_socket(FILE *file, struct socket_line *at) {
  char text[512];
  while (fgets(text, sizeof text, file) != NULL)
    if (sscanf(text, " %*d: %39[0-9A-F]:%*x %39[0-9A-F]:%x %*x %*s %*s %*s %*u %*u %lu", at->local, at->remote, &at->port,
               &at->inode) == 4)
      return true;
  return false;
}

static void look_at_sockets(unsigned number, const char *protocol) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/net/%s", runs[number].init, protocol);
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  for (struct socket_line at; next_socket(file, &at);)
    if (!is_loopback(at.remote) && !said_lately(protocol, (long)number, (long)at.port))
      say_connection(number, 0, protocol, at.remote, at.port);
  fclose(file);
}

/* Returns whether there is any that leads somewhere. */
static bool look_at_interfaces(unsigned number) {
  char path[64], text[512];
  bool is_any = false;
  snprintf(path, sizeof path, "/proc/%d/net/dev", runs[number].init);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  for (int line = 0; fgets(text, sizeof text, file) != NULL; line++) {
    char *colon = strchr(text, ':');
    if (line < 2 || colon == NULL) continue;
    *colon = 0;
    const char *name = text + strspn(text, " ");
    /* the kernel puts these into each new network where their modules are loaded; they are down and lead nowhere */
    static const char *const NATURAL[] = {"lo",       "tunl0",    "gre0", "gretap0", "erspan0",
                                          "ip_vti0",  "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"};
    bool is_natural = false;
    for (size_t i = 0; i < sizeof NATURAL / sizeof *NATURAL; i++) is_natural |= strcmp(name, NATURAL[i]) == 0;
    if (is_natural) continue;
    is_any = true;
    if (said_lately("interface", (long)number, line)) continue;
    say_begin("interface");
    say_text("run", runs[number].id);
    say_text("name", name);
    say_end();
  }
  fclose(file);
  return is_any;
}

void network_look(unsigned number) {
  if (runs[number].spaces[SPACE_NET] == 0) return; /* the host's own network: its sockets are everybody's */
  /* reading its sockets takes a millisecond; without an interface none of them leads anywhere */
  if (!look_at_interfaces(number)) return;
  for (size_t i = 0; i < PROTOCOL_COUNT; i++) look_at_sockets(number, PROTOCOLS[i]);
}

/* ---- sockets of the host in hands of a run ---- */

#define HELD 1024
#define HARMLESS 4096
static struct {
  unsigned long inode;
  pid_t pid;
  unsigned run;
} held[HELD];
static int held_count;
/* Sockets that are none of the host's network, by their number: looked up once. */
static unsigned long harmless[HARMLESS];

void network_hold(pid_t pid, unsigned number) {
  char path[64], target[64];
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *directory = opendir(path);
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL && held_count < HELD;) {
    const ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
    if (length <= 8) continue;
    target[length] = 0;
    if (strncmp(target, "socket:[", 8) != 0) continue;
    const unsigned long inode = strtoul(target + 8, NULL, 10);
    if (harmless[inode % HARMLESS] == inode) continue;
    held[held_count].inode = inode;
    held[held_count].pid = pid;
    held[held_count++].run = number;
  }
  closedir(directory);
}

static void take_held(const struct socket_line *at, const char *protocol) {
  if (at->inode == 0) return; /* over, and nobody's any more */
  for (int i = 0; i < held_count; i++) {
    if (held[i].inode != at->inode) continue;
    /* in a network of the run's own the bridge is there; on the host's, the proxy stands on loopback */
    const bool is_bridge = runs[held[i].run].spaces[SPACE_NET] == 0 && is_loopback(at->remote);
    if (!is_bridge && !said_lately("held", (long)at->inode, held[i].pid))
      say_connection(held[i].run, held[i].pid, protocol, at->remote, at->port);
    held[i].inode = 0;
  }
}

void network_look_at_held(void) {
  if (held_count == 0) return;
  for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/net/%s", PROTOCOLS[i]);
    FILE *file = fopen(path, "re");
    if (file == NULL) continue;
    for (struct socket_line at; next_socket(file, &at);) take_held(&at, PROTOCOLS[i]);
    fclose(file);
  }
  for (int i = 0; i < held_count; i++)
    if (held[i].inode != 0 && runs[held[i].run].spaces[SPACE_NET] != 0) harmless[held[i].inode % HARMLESS] = held[i].inode;
  held_count = 0;
}

/* ---- packets that come to the host ---- */

struct source {
  unsigned char address[16];
  int family;
  uint64_t since;
  uint16_t ports[MOST_PORTS];
  unsigned count;
  bool told;
};
static struct source sources[MOST_SOURCES];

int packets_open(void) {
  /* IPv4 and IPv6 without extension headers, TCP, with RST or without ACK (first packets, and those only a scanner sends) */
  static struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 11),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 9, 0),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
      BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4),
      BPF_STMT(BPF_LDX | BPF_IMM, 40),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x04, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 128),
  };
  const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  const int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    say_source("packets", false, "only root may listen to packets; scans of ports are not seen");
    return -1;
  }
  struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      bind(fd, (struct sockaddr *)&all, sizeof all) != 0) {
    say_source("packets", false, "the kernel refuses to filter packets");
    close(fd);
    return -1;
  }
  say_source("packets", true, "first packets of connections to this host");
  return fd;
}

static struct source *source_of(const unsigned char *address, int family, uint64_t window_ms) {
  const size_t length = family == AF_INET ? 4 : 16;
  struct source *oldest = &sources[0];
  for (int i = 0; i < MOST_SOURCES; i++) {
    struct source *each = &sources[i];
    if (each->family == family && memcmp(each->address, address, length) == 0) {
      if (now_ms() - each->since > window_ms) {
        each->since = now_ms();
        each->count = 0;
        each->told = false;
      }
      return each;
    }
    if (each->since < oldest->since) oldest = each;
  }
  memset(oldest, 0, sizeof *oldest);
  memcpy(oldest->address, address, length);
  oldest->family = family;
  oldest->since = now_ms();
  return oldest;
}

static void count_port(const unsigned char *address, int family, uint16_t port, unsigned threshold, uint64_t window_ms) {
  struct source *source = source_of(address, family, window_ms);
  if (source->told) return;
  for (unsigned i = 0; i < source->count; i++)
    if (source->ports[i] == port) return;
  if (source->count < MOST_PORTS) source->ports[source->count++] = port;
  if (source->count < threshold) return;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, address, text, sizeof text);
  source->told = true;
  say_begin("scan");
  say_text("source", text);
  say_number("ports", source->count);
  say_number("withinMs", (long long)(now_ms() - source->since));
  say_end();
}

void packets_take(int fd, unsigned threshold, uint64_t window_ms) {
  const unsigned loopback = if_nametoindex("lo");
  unsigned char packet[128];
  struct sockaddr_ll from;
  for (int rounds = 0; rounds < 1024; rounds++) {
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
    if (got < 40) {
      if (got < 0) return;
      continue;
    }
    const bool is_v6 = (packet[0] & 0xf0) == 0x60;
    const size_t header = is_v6 ? 40 : (size_t)(packet[0] & 0x0f) * 4;
    if ((size_t)got < header + 14) continue;
    const unsigned char *tcp = packet + header;
    const bool is_refusal = (tcp[13] & 0x04) != 0;
    const uint16_t sent_from = (uint16_t)(tcp[0] << 8 | tcp[1]);
    const uint16_t sent_to = (uint16_t)(tcp[2] << 8 | tcp[3]);
    const int family = is_v6 ? AF_INET6 : AF_INET;
    const unsigned char *source = packet + (is_v6 ? 8 : 12);
    const unsigned char *target = packet + (is_v6 ? 24 : 16);
    /* programs of one machine speak to many ports of it; among themselves only those that refuse are counted */
    if ((unsigned)from.sll_ifindex == loopback) {
      if (is_refusal && from.sll_pkttype != PACKET_OUTGOING) count_port(target, family, sent_from, threshold, window_ms);
    } else if (!is_refusal && from.sll_pkttype == PACKET_HOST) {
      count_port(source, family, sent_to, threshold, window_ms);
    }
  }
}
