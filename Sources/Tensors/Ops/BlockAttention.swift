import CVenturi
import NumericTypes

/// Attention in f32 by blocks that stay in the caches, every product by the kernels of the matrix product (Dao: FlashAttention-2:
/// Faster attention with better parallelism and work partitioning, 2023).
///
/// Forward, a block of queries goes over the keys that it sees a page at a time. Backward, a kv head belongs to one item, which
/// sums what its query heads give to keys and values in order.
struct BlockAttention {
  /// Queries of a block.
  static let queryRows = 64
  /// Keys of a page.
  static let pageKeys = 128
  /// Keys of a block on the way back, and queries of one.
  static let keyRows = 64
  static let backRows = 64

  let extents: AttentionExtents
  let kernels: UnsafePointer<vt_gemm_kernels>
  let functions: UnsafePointer<vt_elementwise_kernels>
  private let seen: AttentionVisibility
  private let parts: [Tensor]

  init(_ parts: [Tensor], _ extents: AttentionExtents, _ seen: AttentionVisibility, _ context: Context) {
    self.parts = parts
    self.extents = extents
    self.seen = seen
    kernels = context.gemmKernels
    functions = context.elementwiseKernels
  }

  func forward(_ output: Tensor, _ sums: Tensor, _ context: Context) {
    let e = extents
    let (keyPanels, valuePanels) = (e.keyPanels, (e.width + 15) / 16)
    // K as panels of 16 keys, V as panels of 16 values.
    let packedKeys = context.empty([e.batch * e.kvHeads, max(1, keyPanels) * e.depth * 16])
    let packedValues = context.empty([e.batch * e.kvHeads, max(1, valuePanels) * max(1, e.keys) * 16])
    let scratch = context.empty([context.workers.count, Self.queryRows * (Self.pageKeys + 2)])
    withExtendedLifetime((self, output, sums, packedKeys, packedValues, scratch)) {
      let pass = ForwardAttention(
        extents: e, kernels: kernels, functions: functions, places: AttentionPlaces(seen),
        q: AttentionOperand(parts[0]), k: AttentionOperand(parts[1]), v: AttentionOperand(parts[2]),
        keys: packedKeys.pointer(as: Float.self), values: packedValues.pointer(as: Float.self),
        output: output.pointer(as: Float.self), sums: sums.pointer(as: Float.self),
        scratch: scratch.pointer(as: Float.self))
      let pack = WorkerJob { item, _ in pass.pack(item) }
      let attend = WorkerJob { item, worker in pass.attend(item, worker) }
      let workers = context.workers
      let blocks = (e.queries + Self.queryRows - 1) / Self.queryRows
      context.perform(.attention, cost: OperatorCost(e.cost(products: 2, passes: 1))) {
        workers.run(e.batch * e.kvHeads, pack)
        workers.run(e.batch * e.heads * blocks, attend)
      }
    }
  }

  func backward(_ output: Tensor, _ sums: Tensor, _ gradient: Tensor, to made: [Tensor], _ context: Context) {
    let e = extents
    let (starts, each) = BackwardAttention.scratch(e)
    let scratch = context.empty([context.workers.count, each])
    withExtendedLifetime((self, output, sums, gradient, made, scratch)) {
      let pass = BackwardAttention(
        extents: e, kernels: kernels, functions: functions, places: AttentionPlaces(seen),
        q: AttentionOperand(parts[0]), k: AttentionOperand(parts[1]), v: AttentionOperand(parts[2]),
        output: AttentionOperand(output), gradient: AttentionOperand(gradient), sums: sums.pointer(as: Float.self),
        toQ: AttentionOperand(made[0]), toK: AttentionOperand(made[1]), toV: AttentionOperand(made[2]),
        scratch: scratch.pointer(as: Float.self), scratchStride: each, starts: starts)
      let job = WorkerJob { item, worker in pass.run(item, worker) }
      let workers = context.workers
      context.perform(.attentionBackward, cost: OperatorCost(e.cost(products: 5, passes: 2))) {
        workers.run(e.batch * e.kvHeads, job)
      }
    }
  }
}

extension AttentionExtents {
  /// Panels of 16 keys, and of 16 queries.
  var keyPanels: Int { (keys + 15) / 16 }
  var queryPanels: Int { (queries + 15) / 16 }
}

/// A tensor [B, L, heads, x] over addresses.
struct AttentionOperand {
  let base: UnsafeMutablePointer<Float>
  let batch: Int
  /// The distance between rows.
  let row: Int
  let head: Int

  init(_ x: Tensor) {
    base = x.pointer(as: Float.self)
    (batch, row, head) = (x.strides[0], x.strides[1], x.strides[2])
  }

  func callAsFunction(_ sequence: Int, _ at: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
    base + sequence * batch + at * row + head * self.head
  }
}

/// What is visible, over addresses.
struct AttentionPlaces {
  let firstKey: UnsafePointer<Int32>
  let endKey: UnsafePointer<Int32>
  let firstQuery: UnsafePointer<Int32>
  let endQuery: UnsafePointer<Int32>

  init(_ seen: AttentionVisibility) {
    firstKey = UnsafePointer(seen.firstKey.pointer(as: Int32.self))
    endKey = UnsafePointer(seen.endKey.pointer(as: Int32.self))
    firstQuery = UnsafePointer(seen.firstQuery.pointer(as: Int32.self))
    endQuery = UnsafePointer(seen.endQuery.pointer(as: Int32.self))
    (queryStride, keyStride) =
      seen.firstKey.shape[0] == 1 ? (0, 0) : (seen.extents.queries, seen.extents.keys)
  }

  let queryStride: Int
  let keyStride: Int
}
