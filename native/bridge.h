/*
 * The one way out, where there is one: what connects to a port of the sandbox's own loopback is carried to a Unix
 * socket bound into the sandbox. Nothing is read or changed on the way; who may go where is decided at the other end.
 */
#ifndef WARDER_BRIDGE_H
#define WARDER_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

/* NULL, or what failed, with errno. */
const char *bridge_open(uint16_t port, const char *socket_path);
void bridge_door_event(void);

/* For who has doors of their own: where connections are carried to, and whether there is room for one more. */
const char *bridge_aim(const char *socket_path);
bool bridge_has_room(void);
/* Carries a connection once the other end has answered the request with 200; takes `came` over, whatever happens. An
   empty request is refused: the connection is broken off. */
void bridge_ask(int came, const char *request);

void bridge_event(uint32_t number, uint32_t events);
void bridge_watch(int epoll);

#endif
