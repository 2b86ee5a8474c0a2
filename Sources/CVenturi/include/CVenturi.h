// The umbrella header of Venturi's C side: micro-kernels with run-time dispatch, the worker pool, and the calls that
// differ between operating systems.
#ifndef CVENTURI_H
#define CVENTURI_H

#include "vt_elementwise.h"
#include "vt_gemm.h"
#include "vt_isa.h"
#include "vt_pool.h"
#include "vt_system.h"

#endif
