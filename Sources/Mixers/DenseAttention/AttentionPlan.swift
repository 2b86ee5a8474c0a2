import CVenturi
import Layers
import Tensors

/// The runs, the work list and the scratch of one call of the kernels; kept and filled anew for calls like it.
final class AttentionPlan {
  let core: DenseAttention
  private let threads: Int
  private let allocator: Allocator
  private let scratchStride: Int
  private var runBuffer = WorkBuffer<vt_attention_run>()
  private var items = WorkBuffer<vt_attention_item>()
  private var dealt = WorkBuffer<vt_attention_item>()
  private var merges = WorkBuffer<vt_attention_merge>()
  private var scratch = WorkBuffer<Float>()
  private var partials = WorkBuffer<Float>()
  private var slopes = WorkBuffer<Float>()
  private(set) var runCount = 0
  private var itemCount = 0

  init(core: DenseAttention, context: Context) {
    self.core = core
    threads = context.workers.count
    allocator = context.workAllocator
    scratchStride = Self.scratchStride(core)
  }

  private static func scratchStride(_ core: DenseAttention) -> Int {
    Int(vt_attention_scratch_floats(Int32(max(AttentionWork.blockRows, core.group)), Int32(core.headDim)))
  }

  /// The bytes of the buffers that ``prepare(_:_:)`` reserves for one run over the last of `contextLength` tokens, and of
  /// its table of pages; `grows` where it came there step by step, which doubles what follows the length.
  static func bytes(_ core: DenseAttention, rows: Int, contextLength: Int, threads: Int, grows: Bool) -> [Int] {
    var run = vt_attention_run()
    run.rows = Int64(rows)
    run.position = Int64(contextLength - rows)
    run.length = Int64(contextLength)
    var work = AttentionWork(core: core, threads: threads)
    work.count(run)
    let item = MemoryLayout<vt_attention_item>.stride
    let following = [
      work.itemBound * item, work.itemBound * item, work.mergeBound * MemoryLayout<vt_attention_merge>.stride,
      work.partialBound * 4, KeyValueLayout.pages(contextLength) * 8,
    ]
    return [threads * scratchStride(core) * 4, MemoryLayout<vt_attention_run>.stride]
      + following.map { grows ? 2 * $0 : $0 }
  }

  /// The runs in force; `runCount` of them.
  var runs: UnsafeMutablePointer<vt_attention_run>? { runBuffer.base }

  /// Lists the work of `count` runs: query blocks longest first, or, when there are too few to keep the threads busy,
  /// single pages of short runs. The list decides who computes what, never a bit of the result.
  ///
  /// - Throws: ``/Layers/MixerError/memory(_:)``.
  func prepare(_ count: Int, _ run: (Int) -> vt_attention_run) throws(MixerError) {
    runCount = 0
    itemCount = 0
    if let values = core.slopes, slopes.base == nil {
      try slopes.reserve(values.count, allocator)
      slopes.base?.update(from: values, count: values.count)
    }
    try scratch.reserve(threads * scratchStride, allocator)
    try runBuffer.reserve(count, allocator)
    guard let runs = runBuffer.base else { return }
    var work = AttentionWork(core: core, threads: threads)
    for index in 0..<count {
      runs[index] = run(index)
      work.count(runs[index])
    }
    try items.reserve(work.itemBound, allocator)
    try merges.reserve(work.mergeBound, allocator)
    try partials.reserve(work.partialBound, allocator)
    guard let list = items.base else { return }
    for index in 0..<count { work.list(run: index, runs[index], list, merges.base) }
    try dealt.reserve(work.items, allocator)
    guard let hands = dealt.base else { return }
    var listed = UnsafeMutableBufferPointer(start: list, count: work.items)
    listed.sort { $0.cost > $1.cost }
    // A worker begins with its share of the list, a run of neighbours, and helps the others from their ends: each gets
    // long and short items, the long ones first.
    var (next, round) = (0, 0)
    while next < work.items {
      for worker in (0..<threads).reversed() {
        let share = work.items * worker / threads..<work.items * (worker + 1) / threads
        if round >= share.count { continue }
        let place = share.lowerBound + round
        hands[place] = listed[next]
        hands[place].next = place + 1 < share.upperBound ? Int32(place + 1) : -1
        next += 1
      }
      round += 1
    }
    runCount = count
    itemCount = work.items
  }

  /// What attending with the runs in force computes and moves at least, with keys and values of so many bytes a head, f32's
  /// by default.
  func cost(vectorBytes: Int? = nil) -> OperatorCost {
    guard let runs = runBuffer.base else { return OperatorCost(bytesRead: 0, bytesWritten: 0) }
    return (0..<runCount).reduce(OperatorCost(bytesRead: 0, bytesWritten: 0)) { sum, index in
      let run = runs[index]
      return sum
        + core.cost(
          rows: Int(run.rows), position: Int(run.position), length: Int(run.length),
          vectorBytes: vectorBytes ?? 4 * core.headDim)
    }
  }

  /// Tells the runs where their rows begin in q and o.
  func place(_ call: vt_attention) {
    guard let runs = runBuffer.base else { return }
    for index in 0..<runCount { runs[index].place(call) }
  }

  /// Fills in the core's parameters and the scratch of every worker.
  func complete(_ call: inout vt_attention) {
    call.group = Int32(core.group)
    call.layout.head_dim = Int32(core.headDim)
    call.scale = core.scale
    call.softcap = core.softcap ?? 0
    (call.window_left, call.window_right) = core.mask.bounds
    call.slopes = UnsafePointer(slopes.base)
    call.scratch = scratch.base
    call.scratch_stride = Int64(scratchStride)
  }

  /// Attends with this plan's lists.
  func attend(_ call: vt_attention, _ jobs: AttentionJobs, _ workers: Workers) {
    var call = call
    complete(&call)
    call.runs = UnsafePointer(runBuffer.base)
    call.items = UnsafePointer(dealt.base)
    call.merges = merges.base
    call.partials = partials.base
    withUnsafeMutablePointer(to: &call) { workers.run(itemCount, job: jobs.item, context: $0) }
  }
}

extension vt_attention_run {
  /// Tells where its rows begin in q and o.
  mutating func place(_ call: vt_attention) {
    q_offset = first_row * call.q_row
    o_offset = first_row * call.o_row
  }
}
