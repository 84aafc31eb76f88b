#ifndef FANOUTD_SHA256_H
#define FANOUTD_SHA256_H

#include <stddef.h>
#include <stdint.h>

// SHA-256 as FIPS 180-4 has it, and the keys of HMAC as RFC 2104 has them.
//
// It is C because hashing in Swift takes seconds for a large body where nothing is optimized.

#pragma clang assume_nonnull begin

/// A hash that bytes are still added to.
typedef struct {
    uint32_t state[8];
    uint64_t count;    // of all bytes so far
    uint8_t block[64]; // begins with those that don't fill a block yet
} fanoutd_sha256;

/// The hash of no bytes at all.
void fanoutd_sha256_init(fanoutd_sha256 *hash);

/// Adds bytes; the pointer may be null if there are none.
void fanoutd_sha256_update(fanoutd_sha256 *hash, const uint8_t *_Nullable bytes, size_t count);

/// Writes the 32 bytes of the digest; the hash is of no use afterwards.
void fanoutd_sha256_finish(fanoutd_sha256 *hash, uint8_t *digest);

/// Begins the two hashes of HMAC with a key, of which no copy stays in memory.
void fanoutd_hmac_sha256_init(
    fanoutd_sha256 *inner,
    fanoutd_sha256 *outer,
    const uint8_t *_Nullable key,
    size_t count
);

#pragma clang assume_nonnull end

#endif
