// Rotary position embedding (Su et al., RoFormer, 2021).
#ifndef VT_ROPE_H
#define VT_ROPE_H

#include <stdint.h>

// Rotates `heads` heads of `dim` values in place: pair i, (x[2i], x[2i+1]), by the angle whose cosine and sine are
// table[2i] and table[2i+1]; pairs from `rotated` / 2 on stay as they are. GGUF files of the Llama family store q and k so.
void vt_rope_row(float *x, int32_t heads, int32_t dim, int32_t rotated, const float *table);

// The same with pair i (x[i], x[i + rotated / 2]), as most others store them.
void vt_rope_row_halves(float *x, int32_t heads, int32_t dim, int32_t rotated, const float *table);

#endif
