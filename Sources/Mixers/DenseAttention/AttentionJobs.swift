import CVenturi
import Tensors

/// The C jobs of one kernel set; each set has all of them.
struct AttentionJobs {
  let item: vt_job
  let append: vt_job
  let means: vt_job
  let blocks: vt_job

  init(_ kernels: KernelSet) {
    item = vt_attention_item_job(kernels.isa).unsafelyUnwrapped
    append = vt_attention_append_job(kernels.isa).unsafelyUnwrapped
    means = vt_attention_means_job(kernels.isa).unsafelyUnwrapped
    blocks = vt_attention_blocks_job(kernels.isa).unsafelyUnwrapped
  }
}
