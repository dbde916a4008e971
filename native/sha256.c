#include "sha256.h"

#include <string.h>

#define BLOCK 64

static const uint32_t K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t word, int by) { return (word >> by) | (word << (32 - by)); }

static void mix(uint32_t state[8], const uint8_t block[BLOCK]) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 | (uint32_t)block[i * 4 + 2] << 8 |
               (uint32_t)block[i * 4 + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t low = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
    uint32_t high = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  uint32_t s[8];
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t one = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
    uint32_t first = s[7] + one + ((s[4] & s[5]) ^ (~s[4] & s[6])) + K[i] + w[i];
    uint32_t two = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
    uint32_t second = two + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof s[0]);
    s[4] += first;
    s[0] = first + second;
  }
  for (int i = 0; i < 8; i++)
    state[i] += s[i];
}

struct part {
  const uint8_t *bytes;
  size_t length;
};

/* the parts one after the other, as if they were one message */
static void digest(const struct part *parts, size_t count, uint8_t out[SHA256_BYTES]) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t block[BLOCK];
  size_t filled = 0;
  uint64_t total = 0;
  for (size_t p = 0; p < count; p++) {
    for (size_t i = 0; i < parts[p].length; i++) {
      block[filled++] = parts[p].bytes[i];
      if (filled == BLOCK) {
        mix(state, block);
        filled = 0;
      }
    }
    total += parts[p].length;
  }
  block[filled++] = 0x80;
  if (filled > BLOCK - 8) {
    memset(block + filled, 0, BLOCK - filled);
    mix(state, block);
    filled = 0;
  }
  memset(block + filled, 0, BLOCK - 8 - filled);
  for (int i = 0; i < 8; i++)
    block[BLOCK - 1 - i] = (uint8_t)(total * 8 >> (8 * i));
  mix(state, block);
  for (int i = 0; i < SHA256_BYTES; i++)
    out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length,
                 uint8_t out[SHA256_BYTES]) {
  uint8_t inner[BLOCK] = {0};
  uint8_t outer[BLOCK] = {0};
  uint8_t first[SHA256_BYTES];
  memcpy(inner, key, key_length);
  memcpy(outer, key, key_length);
  for (int i = 0; i < BLOCK; i++) {
    inner[i] ^= 0x36;
    outer[i] ^= 0x5c;
  }
  digest((struct part[]){{inner, BLOCK}, {message, length}}, 2, first);
  digest((struct part[]){{outer, BLOCK}, {first, SHA256_BYTES}}, 2, out);
}
