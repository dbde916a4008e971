/* SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), for the handshake of a hook. */
#ifndef WARDER_SHA256_H
#define WARDER_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/** The keyed digest of one message. The key has at most 64 bytes. */
void hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length,
                 uint8_t out[SHA256_BYTES]);

#endif
