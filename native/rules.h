/* The network of a sandbox that leads to one place only. Each function returns 0 or an error number. */
#ifndef WARDER_RULES_H
#define WARDER_RULES_H

#include <stdint.h>

/* Loopback comes up, and takes every address there is for its own. */
int rules_catch_everything(int family);

/* Every TCP connection, except to loopback itself, goes to one port of loopback; every UDP packet to port 53 to
   another; and whatever else is not for loopback is dropped where it is sent. */
int rules_lead(uint16_t tcp_port, uint16_t dns_port);

#endif
