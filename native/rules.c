#define _GNU_SOURCE
#include "rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MESSAGES_BYTES 8192u
#define TABLE "warder"
#define REDIRECT "redirect"
#define ONLY "only"
/* Redirection before filtering: what is filtered is where a packet really goes (nft(8), priorities dstnat, filter). */
#define PRIORITY_REDIRECT (-100)
#define PRIORITY_FILTER 0

/* Messages for the kernel, one after the other. What does not fit marks the whole as failed. */
struct messages {
  _Alignas(struct nlmsghdr) unsigned char bytes[MESSAGES_BYTES];
  size_t end;
  size_t message;
  unsigned count;
  bool failed;
};

static void *grow(struct messages *to, size_t bytes) {
  static unsigned char nowhere[256];
  if (bytes > sizeof nowhere || NLMSG_ALIGN(bytes) > MESSAGES_BYTES - to->end) to->failed = true;
  if (to->failed) return nowhere;
  void *at = to->bytes + to->end;
  to->end += NLMSG_ALIGN(bytes); /* what lies between is zero from the start */
  return at;
}

static void *begin_message(struct messages *to, unsigned type, unsigned flags, size_t body) {
  to->message = to->end;
  struct nlmsghdr *header = grow(to, sizeof *header);
  header->nlmsg_type = (uint16_t)type;
  header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  header->nlmsg_seq = ++to->count;
  return grow(to, body);
}

static void end_message(struct messages *to) {
  if (!to->failed) ((struct nlmsghdr *)(void *)(to->bytes + to->message))->nlmsg_len = (uint32_t)(to->end - to->message);
}

static void put(struct messages *to, unsigned type, const void *value, size_t bytes) {
  struct nlattr *attribute = grow(to, sizeof *attribute);
  attribute->nla_type = (uint16_t)type;
  attribute->nla_len = (uint16_t)(sizeof *attribute + bytes);
  memcpy(grow(to, bytes), value, bytes);
}

static void put_number(struct messages *to, unsigned type, uint32_t value) {
  const uint32_t bytes = htonl(value);
  put(to, type, &bytes, sizeof bytes);
}

static void put_text(struct messages *to, unsigned type, const char *text) { put(to, type, text, strlen(text) + 1); }

static size_t open_nest(struct messages *to, unsigned type) {
  const size_t at = to->end;
  ((struct nlattr *)grow(to, sizeof(struct nlattr)))->nla_type = (uint16_t)(type | NLA_F_NESTED);
  return at;
}

static void close_nest(struct messages *to, size_t at) {
  if (!to->failed) ((struct nlattr *)(void *)(to->bytes + at))->nla_len = (uint16_t)(to->end - at);
}

/* Reads the kernel's word on `wanted` messages; 0 when all were done. */
static int hear(int fd, unsigned wanted) {
  _Alignas(struct nlmsghdr) unsigned char bytes[MESSAGES_BYTES];
  while (wanted > 0) {
    const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return got < 0 ? errno : EPIPE;
    size_t left = (size_t)got;
    for (const struct nlmsghdr *at = (void *)bytes; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type != NLMSG_ERROR) continue;
      const struct nlmsgerr *word = NLMSG_DATA(at);
      if (word->error != 0) return -word->error;
      if (wanted > 0) wanted -= 1;
    }
  }
  return 0;
}

static int tell(int protocol, const struct messages *messages, unsigned wanted) {
  const struct timeval patience = {.tv_sec = 5, .tv_usec = 0};
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (messages->failed) return EMSGSIZE;
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return errno;
  int problem = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) problem = errno;
  if (problem == 0 && sendto(fd, messages->bytes, messages->end, 0, (void *)&kernel, sizeof kernel) < 0) problem = errno;
  if (problem == 0) problem = hear(fd, wanted);
  close(fd);
  return problem;
}

static int raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int problem = ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? 0 : errno;
  request.ifr_flags |= IFF_UP | IFF_RUNNING;
  if (problem == 0 && ioctl(fd, SIOCSIFFLAGS, &request) != 0) problem = errno;
  close(fd);
  return problem;
}

int rules_catch_everything(int family) {
  struct messages messages = {.end = 0};
  const uint32_t loopback = if_nametoindex("lo");
  const struct in6_addr six = IN6ADDR_LOOPBACK_INIT;
  const uint32_t four = htonl(INADDR_LOOPBACK);
  const int problem = raise_loopback();
  if (problem != 0 || loopback == 0) return problem != 0 ? problem : ENODEV;
  struct rtmsg *route = begin_message(&messages, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, sizeof *route);
  *route = (struct rtmsg){.rtm_family = (unsigned char)family,
                          .rtm_table = RT_TABLE_LOCAL,
                          .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = RT_SCOPE_HOST,
                          .rtm_type = RTN_LOCAL};
  put(&messages, RTA_OIF, &loopback, sizeof loopback);
  /* or a connection would seem to come from the address it goes to, and its answers would be no loopback's */
  if (family == AF_INET) put(&messages, RTA_PREFSRC, &four, sizeof four);
  else put(&messages, RTA_PREFSRC, &six, sizeof six);
  end_message(&messages);
  return tell(NETLINK_ROUTE, &messages, 1);
}

static void begin_nft(struct messages *to, unsigned type, unsigned flags) {
  struct nfgenmsg *body = begin_message(to, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK | flags, sizeof *body);
  *body = (struct nfgenmsg){.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
}

static void put_batch(struct messages *to, unsigned type) {
  struct nfgenmsg *body = begin_message(to, type, 0, sizeof *body);
  *body = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  end_message(to);
}

static void put_chain(struct messages *to, const char *name, const char *type, int priority, uint32_t policy) {
  begin_nft(to, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
  put_text(to, NFTA_CHAIN_TABLE, TABLE);
  put_text(to, NFTA_CHAIN_NAME, name);
  put_text(to, NFTA_CHAIN_TYPE, type);
  const size_t hook = open_nest(to, NFTA_CHAIN_HOOK);
  put_number(to, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  put_number(to, NFTA_HOOK_PRIORITY, (uint32_t)priority);
  close_nest(to, hook);
  put_number(to, NFTA_CHAIN_POLICY, policy);
  end_message(to);
}

/* The nests of one expression, and of the rule it stands in. */
struct expression {
  size_t element, data;
};

static struct expression open_expression(struct messages *to, const char *name) {
  struct expression opened;
  opened.element = open_nest(to, NFTA_LIST_ELEM);
  put_text(to, NFTA_EXPR_NAME, name);
  opened.data = open_nest(to, NFTA_EXPR_DATA);
  return opened;
}

static void close_expression(struct messages *to, struct expression opened) {
  close_nest(to, opened.data);
  close_nest(to, opened.element);
}

static void put_value(struct messages *to, unsigned type, const void *value, size_t bytes) {
  const size_t nest = open_nest(to, type);
  put(to, NFTA_DATA_VALUE, value, bytes);
  close_nest(to, nest);
}

static void must_equal(struct messages *to, const void *value, size_t bytes) {
  const struct expression compare = open_expression(to, "cmp");
  put_number(to, NFTA_CMP_SREG, NFT_REG_1);
  put_number(to, NFTA_CMP_OP, NFT_CMP_EQ);
  put_value(to, NFTA_CMP_DATA, value, bytes);
  close_expression(to, compare);
}

static void must_be(struct messages *to, uint32_t key, uint8_t value) {
  const struct expression meta = open_expression(to, "meta");
  put_number(to, NFTA_META_KEY, key);
  put_number(to, NFTA_META_DREG, NFT_REG_1);
  close_expression(to, meta);
  must_equal(to, &value, sizeof value);
}

static void must_hold(struct messages *to, uint32_t header, uint32_t offset, const void *value, uint32_t bytes) {
  const struct expression payload = open_expression(to, "payload");
  put_number(to, NFTA_PAYLOAD_DREG, NFT_REG_1);
  put_number(to, NFTA_PAYLOAD_BASE, header);
  put_number(to, NFTA_PAYLOAD_OFFSET, offset);
  put_number(to, NFTA_PAYLOAD_LEN, bytes);
  close_expression(to, payload);
  must_equal(to, value, bytes);
}

static size_t begin_rule(struct messages *to, const char *chain) {
  begin_nft(to, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  put_text(to, NFTA_RULE_TABLE, TABLE);
  put_text(to, NFTA_RULE_CHAIN, chain);
  return open_nest(to, NFTA_RULE_EXPRESSIONS);
}

static void end_rule(struct messages *to, size_t expressions) {
  close_nest(to, expressions);
  end_message(to);
}

static void accept_it(struct messages *to) {
  const struct expression immediate = open_expression(to, "immediate");
  put_number(to, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  const size_t data = open_nest(to, NFTA_IMMEDIATE_DATA), verdict = open_nest(to, NFTA_DATA_VERDICT);
  put_number(to, NFTA_VERDICT_CODE, NF_ACCEPT);
  close_nest(to, verdict);
  close_nest(to, data);
  close_expression(to, immediate);
}

static void redirect_to(struct messages *to, uint16_t port) {
  const uint16_t bytes = htons(port);
  const struct expression immediate = open_expression(to, "immediate");
  put_number(to, NFTA_IMMEDIATE_DREG, NFT_REG_1);
  put_value(to, NFTA_IMMEDIATE_DATA, &bytes, sizeof bytes);
  close_expression(to, immediate);
  const struct expression redirect = open_expression(to, "redir");
  put_number(to, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
  close_expression(to, redirect);
}

/* What goes to 127.0.0.0/8 or ::1 stays as it is: a program's own servers are its own. */
static void put_loopback(struct messages *to, const char *chain) {
  const unsigned char four[1] = {127};
  const struct in6_addr six = IN6ADDR_LOOPBACK_INIT;
  size_t rule = begin_rule(to, chain);
  must_be(to, NFT_META_NFPROTO, NFPROTO_IPV4);
  must_hold(to, NFT_PAYLOAD_NETWORK_HEADER, 16, four, sizeof four);
  accept_it(to);
  end_rule(to, rule);
  rule = begin_rule(to, chain);
  must_be(to, NFT_META_NFPROTO, NFPROTO_IPV6);
  must_hold(to, NFT_PAYLOAD_NETWORK_HEADER, 24, &six, sizeof six);
  accept_it(to);
  end_rule(to, rule);
}

static void put_redirections(struct messages *to, uint16_t tcp_port, uint16_t dns_port) {
  const uint16_t domain = htons(53);
  size_t rule = begin_rule(to, REDIRECT);
  must_be(to, NFT_META_L4PROTO, IPPROTO_UDP);
  must_hold(to, NFT_PAYLOAD_TRANSPORT_HEADER, 2, &domain, sizeof domain);
  redirect_to(to, dns_port);
  end_rule(to, rule);
  put_loopback(to, REDIRECT);
  rule = begin_rule(to, REDIRECT);
  must_be(to, NFT_META_L4PROTO, IPPROTO_TCP);
  redirect_to(to, tcp_port);
  end_rule(to, rule);
}

int rules_lead(uint16_t tcp_port, uint16_t dns_port) {
  static struct messages messages;
  put_batch(&messages, NFNL_MSG_BATCH_BEGIN);
  begin_nft(&messages, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  put_text(&messages, NFTA_TABLE_NAME, TABLE);
  end_message(&messages);
  put_chain(&messages, REDIRECT, "nat", PRIORITY_REDIRECT, NF_ACCEPT);
  put_chain(&messages, ONLY, "filter", PRIORITY_FILTER, NF_DROP);
  put_redirections(&messages, tcp_port, dns_port);
  put_loopback(&messages, ONLY);
  put_batch(&messages, NFNL_MSG_BATCH_END);
  return tell(NETLINK_NETFILTER, &messages, messages.count - 2);
}
