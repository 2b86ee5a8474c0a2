// The umbrella header of Venturi's C side: micro-kernels with run-time dispatch, the worker pool, and the calls that
// differ between operating systems.
#ifndef CVENTURI_H
#define CVENTURI_H

#include "vt_attention.h"
#include "vt_batch_norm.h"
#include "vt_elementwise.h"
#include "vt_gemm.h"
#include "vt_isa.h"
#include "vt_linear.h"
#include "vt_linear_job.h"
#include "vt_measure.h"
#include "vt_pool.h"
#include "vt_quantize.h"
#include "vt_random.h"
#include "vt_recurrence.h"
#include "vt_rope.h"
#include "vt_system.h"
#include "vt_update.h"
#include "vt_window.h"

#endif
