// Rotary position embedding (Su et al., RoFormer, 2021) on pairs of neighbouring values, as GGUF files of the Llama
// family store q and k.
#ifndef VT_ROPE_H
#define VT_ROPE_H

#include <stdint.h>

// Rotates `heads` heads of `dim` values in place: pair i, (x[2i], x[2i+1]), by the angle whose cosine and sine are
// table[2i] and table[2i+1]; pairs from `rotated` / 2 on stay as they are.
void vt_rope_row(float *x, int32_t heads, int32_t dim, int32_t rotated, const float *table);

#endif
