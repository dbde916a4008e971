/*
 * The hook of coding agents, small, so that asking costs a millisecond and not the start of a JavaScript engine:
 *
 *     hook SOCKET SECRET                 reads the harness's payload on stdin, asks the daemon, says what it said
 *     hook SOCKET SECRET --ran NONCE     a marked call that had to be refused: tells the daemon that it runs
 *
 * It proves to the daemon that it holds the socket's secret and lets the daemon prove the same before a byte of the
 * payload goes out (src/api/handshake.ts). Whatever goes wrong, it exits with 2: the one code every harness takes for
 * a refusal. It decides nothing: without a daemon everything is refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sha256.h"

#define BLOCKED 2
#define MAX_PAYLOAD (1024 * 1024)
#define MAX_REPLY (8 * 1024 * 1024)
#define LINE 512
#define HEX 64
#define HANDSHAKE_MS 3000
#define STDIN_MS 10000
/* as long as a person may be asked for; a daemon that hangs was noticed at the handshake */
#define ANSWER_MS 150000

static _Noreturn void refuse(const char *why) {
  char text[LINE];
  int length = snprintf(text, sizeof text,
                          "Warder: refused by the hook itself: %s. To mend it: warder doctor; warder daemon start\n", why);
  ssize_t written = write(STDERR_FILENO, text, (size_t)length);
  (void)written;
  _exit(BLOCKED);
}

/* a harness that loses patience must not take our end for a yes */
static void ended(int signal_number) {
  (void)signal_number;
  _exit(BLOCKED);
}

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* waits until fd can be read or written; refuses when the time is over */
static void ready(int fd, short events, long deadline, const char *late) {
  struct pollfd one = {.fd = fd, .events = events};
  for (;;) {
    long left = deadline - now_ms();
    if (left <= 0)
      refuse(late);
    int count = poll(&one, 1, (int)left);
    if (count > 0)
      return;
    if (count < 0 && errno != EINTR)
      refuse("it cannot wait");
  }
}

/* reads to the end; refuses what is longer than most */
static uint8_t *read_all(int fd, size_t most, long deadline, size_t *length, const char *late, const char *large) {
  size_t room = 64 * 1024;
  uint8_t *bytes = malloc(room + 1);
  *length = 0;
  while (bytes != NULL) {
    ready(fd, POLLIN, deadline, late);
    ssize_t count = read(fd, bytes + *length, room - *length);
    if (count == 0)
      break;
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (count < 0)
      refuse("it cannot read what it was sent");
    *length += (size_t)count;
    if (*length > most)
      refuse(large);
    if (*length == room)
      bytes = realloc(bytes, (room *= 2) + 1);
  }
  if (bytes == NULL)
    refuse("there is no memory");
  bytes[*length] = 0;
  return bytes;
}

static void send_all(int fd, const void *bytes, size_t length, long deadline) {
  const char *at = bytes;
  while (length > 0) {
    ready(fd, POLLOUT, deadline, "the daemon takes nothing");
    ssize_t count = send(fd, at, length, MSG_NOSIGNAL);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (count < 0)
      refuse("the daemon hung up");
    at += count;
    length -= (size_t)count;
  }
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int is_hex(const char *text) {
  for (int i = 0; i < HEX; i++)
    if (hex_value(text[i]) < 0)
      return 0;
  return 1;
}

static void to_hex(const uint8_t *bytes, char out[HEX + 1]) {
  for (int i = 0; i < HEX / 2; i++)
    snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* the secret both ends know; 0 when there is none, which is so inside a sandbox */
static int read_secret(const char *path, uint8_t secret[HEX / 2]) {
  char text[HEX + 1];
  struct stat stat_of;
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT)
    return 0;
  if (fd < 0 || fstat(fd, &stat_of) != 0)
    refuse("the socket's secret cannot be read");
  if (!S_ISREG(stat_of.st_mode) || stat_of.st_uid != getuid() || (stat_of.st_mode & 077) != 0)
    refuse("the file with the socket's secret is open to others");
  if (read(fd, text, sizeof text) < HEX || !is_hex(text))
    refuse("the file with the socket's secret does not hold one");
  close(fd);
  for (int i = 0; i < HEX / 2; i++)
    secret[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
  return 1;
}

static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    refuse("the socket's path is too long");
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
    refuse("no daemon answers");
  return fd;
}

/* one line, and nothing behind it: an honest daemon waits for its turn */
static void read_line(int fd, char line[LINE], long deadline) {
  size_t length = 0;
  for (;;) {
    ready(fd, POLLIN, deadline, "the daemon does not answer in time");
    ssize_t count = read(fd, line + length, LINE - 1 - length);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (count <= 0)
      refuse("the daemon hung up");
    length += (size_t)count;
    line[length] = 0;
    char *end = memchr(line, '\n', length);
    if (end != NULL && end != line + length - 1)
      refuse("what answers is not our daemon");
    if (end != NULL)
      return;
    if (length == LINE - 1)
      refuse("what answers is not our daemon");
  }
}

static void proof(const uint8_t secret[HEX / 2], const char *role, const char *server, const char *client,
                  char out[HEX + 1]) {
  char text[LINE];
  uint8_t mac[SHA256_BYTES];
  int length = snprintf(text, sizeof text, "warder %s v1\n1\n%.64s\n%.64s", role, server, client);
  hmac_sha256(secret, HEX / 2, (const uint8_t *)text, (size_t)length, mac);
  to_hex(mac, out);
}

/* whether it is a challenge; a daemon that is full says so, and may be asked again */
static int challenge(int fd, const uint8_t secret[HEX / 2], long deadline) {
  static const char CHALLENGE[] = "{\"type\":\"challenge\",\"version\":1,\"nonce\":\"";
  static const char RESULT[] = "{\"type\":\"auth_result\",\"ok\":true,\"mac\":\"";
  char line[LINE], answer[LINE], client[HEX + 1], mac[HEX + 1];
  uint8_t random[HEX / 2];
  read_line(fd, line, deadline);
  if (strncmp(line, "{\"type\":\"error\",\"code\":\"busy\"", 29) == 0)
    return 0;
  const char *server = line + sizeof CHALLENGE - 1;
  if (strncmp(line, CHALLENGE, sizeof CHALLENGE - 1) != 0 || strlen(server) != HEX + 3 || !is_hex(server))
    refuse("the daemon does not let it in");
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
    refuse("there is no randomness");
  to_hex(random, client);
  proof(secret, "client", server, client, mac);
  int length =
    snprintf(answer, sizeof answer, "{\"type\":\"challenge_response\",\"nonce\":\"%s\",\"mac\":\"%s\"}\n", client, mac);
  send_all(fd, answer, (size_t)length, deadline);
  char said[LINE];
  read_line(fd, said, deadline);
  proof(secret, "server", server, client, mac);
  const char *given = said + sizeof RESULT - 1;
  if (strncmp(said, RESULT, sizeof RESULT - 1) != 0 || strlen(given) != HEX + 3)
    refuse("the daemon does not let it in");
  int differs = 0;
  for (int i = 0; i < HEX; i++)
    differs |= given[i] ^ mac[i];
  if (differs)
    refuse("what answers does not know the socket's secret");
  return 1;
}

static int connected(const char *path, const uint8_t *secret) {
  long deadline = now_ms() + HANDSHAKE_MS;
  for (;;) {
    int fd = dial(path);
    if (secret == NULL || challenge(fd, secret, deadline))
      return fd;
    close(fd);
    usleep(20000);
  }
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode(const uint8_t *bytes, size_t length) {
  char *out = malloc((length + 2) / 3 * 4 + 1), *at = out;
  if (out == NULL)
    refuse("there is no memory");
  for (size_t i = 0; i < length; i += 3) {
    uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)(i + 1 < length ? bytes[i + 1] : 0) << 8 |
                         (uint32_t)(i + 2 < length ? bytes[i + 2] : 0);
    *at++ = BASE64[three >> 18];
    *at++ = BASE64[three >> 12 & 63];
    *at++ = i + 1 < length ? BASE64[three >> 6 & 63] : '=';
    *at++ = i + 2 < length ? BASE64[three & 63] : '=';
  }
  *at = 0;
  return out;
}

/* decodes up to the quote and writes it out; returns what stands behind the quote */
static const char *say(int fd, const char *text) {
  uint32_t bits = 0;
  int count = 0;
  FILE *out = fdopen(fd, "w");
  for (; *text != '"'; text++) {
    const char *found = *text == 0 ? NULL : strchr(BASE64, *text);
    if (found == NULL && *text != '=')
      refuse("the daemon's answer cannot be read");
    if (found == NULL)
      continue;
    bits = bits << 6 | (uint32_t)(found - BASE64);
    count += 6;
    if (count >= 8) {
      count -= 8;
      if (out == NULL || fputc((int)(bits >> count & 255), out) == EOF)
        refuse("nobody reads its answer");
    }
  }
  if (out != NULL && fflush(out) != 0)
    refuse("nobody reads its answer");
  return text + 1;
}

static const char *behind(const char *text, const char *prefix) {
  size_t length = strlen(prefix);
  if (strncmp(text, prefix, length) != 0)
    refuse("the daemon's answer cannot be read");
  return text + length;
}

/* sends one request and returns the body of its answer */
static const char *ask(int fd, const char *path, const char *key, const char *value) {
  char head[LINE];
  size_t body = strlen(key) + strlen(value) + 7;
  long deadline = now_ms() + ANSWER_MS;
  int length = snprintf(head, sizeof head,
                          "POST %s HTTP/1.0\r\nhost: warder\r\ncontent-type: application/json\r\n"
                          "content-length: %zu\r\n\r\n{\"%s\":\"",
                          path, body, key);
  send_all(fd, head, (size_t)length, deadline);
  send_all(fd, value, strlen(value), deadline);
  send_all(fd, "\"}", 2, deadline);
  size_t got;
  char *reply =
    (char *)read_all(fd, MAX_REPLY, deadline, &got, "the daemon does not answer in time", "the answer is too large");
  if (strlen(reply) != got || strncmp(reply, "HTTP/1.", 7) != 0 || strncmp(reply + 8, " 200", 4) != 0)
    refuse("the daemon could not answer");
  const char *at = strstr(reply, "\r\n\r\n");
  if (at == NULL)
    refuse("the daemon's answer was cut");
  return at + 4;
}

int main(int argc, char **argv) {
  uint8_t secret[HEX / 2];
  struct sigaction action = {.sa_handler = ended};
  for (const int *each = (const int[]){SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGPIPE, 0}; *each != 0; each++)
    sigaction(*each, &action, NULL);
  int is_marked = argc == 5 && strcmp(argv[3], "--ran") == 0 && strlen(argv[4]) < 100 && strpbrk(argv[4], "\"\\") == NULL;
  if (argc != 3 && !is_marked)
    refuse("it was called with the wrong words");
  const char *path = argv[1];
  int has_secret = read_secret(argv[2], secret);
  if (!has_secret) {
    /* inside a sandbox there is no secret, and the agent's own socket needs none */
    path = getenv("WARDER_PATHS_SOCKET");
    if (path == NULL || *path != '/')
      refuse("there is no secret for the socket");
  }
  if (is_marked) {
    ask(connected(path, has_secret ? secret : NULL), "/v1/hooks/ran", "nonce", argv[4]);
    refuse("the marked call ran, and had to be refused");
  }
  size_t length;
  uint8_t *payload = read_all(STDIN_FILENO, MAX_PAYLOAD, now_ms() + STDIN_MS, &length,
                "the payload does not end", "the payload is larger than 1 MiB");
  char *encoded = encode(payload, length);
  const char *body = ask(connected(path, has_secret ? secret : NULL), "/v1/hooks", "payload", encoded);
  const char *at = behind(body, "{\"exit\":");
  int code = *at == '0' ? 0 : BLOCKED;
  if (*at != '0' && *at != '2')
    refuse("the daemon's answer cannot be read");
  at = say(STDOUT_FILENO, behind(at + 1, ",\"stdout\":\""));
  at = say(STDERR_FILENO, behind(at, ",\"stderr\":\""));
  if (strcmp(at, "}") != 0)
    refuse("the daemon's answer cannot be read");
  _exit(code);
}
