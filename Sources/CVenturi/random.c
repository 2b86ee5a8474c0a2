#include "vt_random.h"

// So many blocks are made together, each in a lane.
enum { LANES = 16, ROUNDS = 10 };

static void philox_lanes(uint64_t first, uint64_t stream, uint32_t key0, uint32_t key1, uint32_t c[4][LANES]) {
  for (int i = 0; i < LANES; i++) {
    const uint64_t counter = first + (uint64_t)i;
    c[0][i] = (uint32_t)counter;
    c[1][i] = (uint32_t)(counter >> 32);
    c[2][i] = (uint32_t)stream;
    c[3][i] = (uint32_t)(stream >> 32);
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < LANES; i++) {
      const uint64_t a = (uint64_t)c[0][i] * 0xD2511F53u, b = (uint64_t)c[2][i] * 0xCD9E8D57u;
      c[0][i] = (uint32_t)(b >> 32) ^ c[1][i] ^ key0;
      c[2][i] = (uint32_t)(a >> 32) ^ c[3][i] ^ key1;
      c[1][i] = (uint32_t)b;
      c[3][i] = (uint32_t)a;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

void vt_philox(uint64_t first, int64_t blocks, uint64_t stream, uint32_t key0, uint32_t key1, uint32_t *words) {
  uint32_t c[4][LANES];
  for (int64_t done = 0; done < blocks; done += LANES) {
    philox_lanes(first + (uint64_t)done, stream, key0, key1, c);
    const int64_t some = blocks - done < LANES ? blocks - done : LANES;
    for (int64_t i = 0; i < some; i++)
      for (int j = 0; j < 4; j++) words[4 * (done + i) + j] = c[j][i];
  }
}
