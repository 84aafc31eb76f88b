#include "sha256.h"

#include <string.h>

enum { block_size = sizeof((fanoutd_sha256 *)0)->block, digest_size = 32 };

// FIPS 180-4, 5.3.3: the first 32 bits of the fractional parts of the square roots of the first
// 8 primes.
static const uint32_t initial_state[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

// FIPS 180-4, 4.2.2: likewise of the cube roots of the first 64 primes.
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// FIPS 180-4, 4.1.2. They are macros, since a call costs as much as what they do where nothing is
// optimized.
#define ROTATED(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define CHOICE(x, y, z) (((x) & ((y) ^ (z))) ^ (z))
#define MAJORITY(x, y, z) (((x) & (y)) | (((x) | (y)) & (z)))
#define BIG_SIGMA_0(x) (ROTATED(x, 2) ^ ROTATED(x, 13) ^ ROTATED(x, 22))
#define BIG_SIGMA_1(x) (ROTATED(x, 6) ^ ROTATED(x, 11) ^ ROTATED(x, 25))
#define SMALL_SIGMA_0(x) (ROTATED(x, 7) ^ ROTATED(x, 18) ^ (x) >> 3)
#define SMALL_SIGMA_1(x) (ROTATED(x, 17) ^ ROTATED(x, 19) ^ (x) >> 10)

// A round leaves each variable where the next one has it under another name.
#define ROUND(a, b, c, d, e, f, g, h, t) \
    h += BIG_SIGMA_1(e) + CHOICE(e, f, g) + constants[t] + w[t]; \
    d += h; \
    h += BIG_SIGMA_0(a) + MAJORITY(a, b, c)

// A memset of what isn't read again would be left out.
static void wipe(void *bytes, size_t count) {
    volatile uint8_t *next = bytes;
    for (; count > 0; count--) *next++ = 0;
}

// Takes blocks into the state, and leaves no copy of them: one may be a key's.
static void compress(uint32_t *state, const uint8_t *bytes, size_t block_count) {
    uint32_t w[64];
    for (; block_count > 0; block_count--, bytes += block_size) {
        for (int t = 0; t < 16; t++) {
            const uint8_t *p = bytes + 4 * t;
            w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int t = 16; t < 64; t++) {
            w[t] = SMALL_SIGMA_1(w[t - 2]) + w[t - 7] + SMALL_SIGMA_0(w[t - 15]) + w[t - 16];
        }
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (int t = 0; t < 64; t += 8) {
            ROUND(a, b, c, d, e, f, g, h, t);
            ROUND(h, a, b, c, d, e, f, g, t + 1);
            ROUND(g, h, a, b, c, d, e, f, t + 2);
            ROUND(f, g, h, a, b, c, d, e, t + 3);
            ROUND(e, f, g, h, a, b, c, d, t + 4);
            ROUND(d, e, f, g, h, a, b, c, t + 5);
            ROUND(c, d, e, f, g, h, a, b, t + 6);
            ROUND(b, c, d, e, f, g, h, a, t + 7);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
    wipe(w, sizeof w);
}

void fanoutd_sha256_init(fanoutd_sha256 *hash) {
    memcpy(hash->state, initial_state, sizeof initial_state);
    hash->count = 0;
    memset(hash->block, 0, block_size);
}

void fanoutd_sha256_update(fanoutd_sha256 *hash, const uint8_t *bytes, size_t count) {
    if (count == 0) return;
    size_t held = hash->count % block_size;
    hash->count += count;
    if (held > 0) {
        size_t room = block_size - held;
        size_t taken = count < room ? count : room;
        memcpy(hash->block + held, bytes, taken);
        if (taken < room) return;
        compress(hash->state, hash->block, 1);
        bytes += taken;
        count -= taken;
    }
    compress(hash->state, bytes, count / block_size);
    memcpy(hash->block, bytes + count - count % block_size, count % block_size);
}

// FIPS 180-4, 5.1.1: a one, zeros, and the count of bits fill the last block.
void fanoutd_sha256_finish(fanoutd_sha256 *hash, uint8_t *digest) {
    uint64_t bits = hash->count * 8;
    size_t held = hash->count % block_size;
    hash->block[held++] = 0x80;
    if (held > block_size - sizeof bits) {
        memset(hash->block + held, 0, block_size - held);
        compress(hash->state, hash->block, 1);
        held = 0;
    }
    memset(hash->block + held, 0, block_size - held);
    for (size_t i = 1; i <= sizeof bits; i++, bits >>= 8) {
        hash->block[block_size - i] = (uint8_t)bits;
    }
    compress(hash->state, hash->block, 1);
    for (size_t i = 0; i < digest_size; i++) {
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

// RFC 2104, 2: a key longer than a block is hashed, a shorter one has zeros behind it.
void fanoutd_hmac_sha256_init(
    fanoutd_sha256 *inner,
    fanoutd_sha256 *outer,
    const uint8_t *key,
    size_t count
) {
    uint8_t block[block_size] = {0};
    if (count > block_size) {
        fanoutd_sha256_init(inner);
        fanoutd_sha256_update(inner, key, count);
        fanoutd_sha256_finish(inner, block);
    } else if (count > 0) {
        memcpy(block, key, count);
    }
    for (size_t i = 0; i < block_size; i++) block[i] ^= 0x36;
    fanoutd_sha256_init(inner);
    fanoutd_sha256_update(inner, block, block_size);
    for (size_t i = 0; i < block_size; i++) block[i] ^= 0x36 ^ 0x5c;
    fanoutd_sha256_init(outer);
    fanoutd_sha256_update(outer, block, block_size);
    wipe(block, block_size);
}
