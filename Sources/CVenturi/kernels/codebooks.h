// The vectors that GGUF's IQ types choose from. An entry is the levels of 8 values (two bits each) or of 4 values
// (three bits each), the first value lowest; what a level stands for is the type's affair.
#ifndef VT_CODEBOOKS_H
#define VT_CODEBOOKS_H

#include <stdint.h>

extern const uint16_t vt_codebook_iq1[2048], vt_codebook_iq2_xxs[256], vt_codebook_iq2_xs[512], vt_codebook_iq2_s[1024];
extern const uint16_t vt_codebook_iq3_xxs[256], vt_codebook_iq3_s[512];

#endif
