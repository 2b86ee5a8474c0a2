import CVenturi
import Layers
import Tensors

/// What block top-k attention keeps with a batch: which rows choose, and pages for each worker that chosen blocks are brought into.
final class BlockTopKWorkspace: BatchAttachment {
  /// All runs: appending, and attending where no row chooses.
  let all: AttentionWorkspace
  private let core: BlockTopKAttention
  private let allocator: Allocator
  private let threads: Int
  /// The rows that see all keys, where there are others.
  private let whole: AttentionPlan
  /// The rows that choose, a run each.
  private var choosing = WorkBuffer<vt_attention_run>()
  private var pages = WorkBuffer<UInt8>()
  private var table = WorkBuffer<UnsafeMutableRawPointer?>()
  private var scratch = WorkBuffer<Float>()
  private var scratchStride = 0
  private var mostBlocks = 0
  private var wholeCount = 0
  private var choosingCount = 0
  private var completes = false

  init(core: BlockTopKAttention, context: Context) {
    self.core = core
    allocator = context.workAllocator
    threads = context.workers.count
    all = AttentionWorkspace(core: core.dense, context: context)
    whole = AttentionPlan(core: core.dense, context: context)
  }

  /// The blocks of a sequence, in whole pages.
  private static func blocks(_ length: Int) -> Int {
    KeyValueLayout.pages(length) * (KeyValueLayout.pageTokens / KeyValueLayout.blockTokens)
  }

  /// What a worker needs to choose among the blocks of `length` tokens.
  static func scratchFloats(_ length: Int, _ budget: BlockBudget, headDim: Int) -> Int {
    Int(vt_attention_choice_floats(Int32(clamping: blocks(length)), Int32(budget.blocks), Int32(headDim)))
  }

  func prepare(for layout: BatchLayout) throws(MixerError) {
    choosingCount = 0
    wholeCount = 0
    try all.prepare(for: layout)
    guard let cache = all.cacheLayout, let runs = all.runs else { return }
    guard cache.hasBlockMeans else {
      throw .foreignState(run: 0, expected: "key-value cache with the means of its blocks")
    }
    let block = Int64(KeyValueLayout.blockTokens)
    completes = (0..<all.runCount).contains {
      runs[$0].position / block < (runs[$0].position + runs[$0].rows) / block
    }
    // Later rows have more to choose from: of each run the first rows see all keys, the last ones choose.
    let plain = layout.runs.map { run in
      (0..<run.rows).first {
        $0 >= run.rows - run.answerRows && core.budget.chooses(run.position + $0 + 1)
      } ?? run.rows
    }
    let count = zip(layout.runs, plain).reduce(0) { $0 + $1.0.rows - $1.1 }
    if count == 0 { return }
    let rest = plain.indices.filter { plain[$0] > 0 }
    if !rest.isEmpty {
      try whole.prepare(rest.count) { runs[rest[$0]].part(0..<plain[rest[$0]]) }
    }
    try choosing.reserve(count, allocator)
    guard let own = choosing.base else { return }
    var next = 0
    for (index, run) in layout.runs.enumerated() {
      for row in plain[index]..<run.rows {
        own[next] = runs[index].part(row..<row + 1)
        next += 1
      }
    }
    try reserve(cache, longest: (0..<count).reduce(0) { max($0, Int(own[$1].length)) })
    wholeCount = rest.count
    choosingCount = count
  }

  /// Memory for every worker to choose among the blocks of `longest` tokens.
  private func reserve(_ cache: KeyValueLayout, longest: Int) throws(MixerError) {
    mostBlocks = Self.blocks(longest)
    scratchStride = Self.scratchFloats(longest, core.budget, headDim: core.headDim)
    try scratch.reserve(threads * scratchStride, allocator)
    let count = threads * pagesEach
    try pages.reserve(count * cache.headBytes, allocator)
    try table.reserve(count, allocator)
    guard let memory = pages.base, let places = table.base else { return }
    for page in 0..<count { places[page] = UnsafeMutableRawPointer(memory + page * cache.headBytes) }
  }

  private var pagesEach: Int { KeyValueLayout.pages(core.budget.most) }

  /// What averaging the blocks that the layout in force completes moves.
  func meansCost() -> OperatorCost {
    guard completes, let cache = all.cacheLayout else { return OperatorCost(bytesRead: 0, bytesWritten: 0) }
    let vectors = Double(all.runCount * core.kvHeads)
    return OperatorCost(
      bytesRead: vectors * Double(KeyValueLayout.blockTokens * cache.vectorBytes),
      bytesWritten: vectors * Double(4 * core.headDim))
  }

  /// What attending with the layout in force computes and moves at least.
  func attendCost() -> OperatorCost {
    guard choosingCount > 0, let cache = all.cacheLayout, let own = choosing.base else { return all.attendCost() }
    let plain =
      wholeCount > 0 ? whole.cost(vectorBytes: cache.vectorBytes) : OperatorCost(bytesRead: 0, bytesWritten: 0)
    return (0..<choosingCount).reduce(plain) { sum, index in
      let length = Int(own[index].length)
      let (means, seen) = (Double(core.budget.candidates(length)), core.budget.seen(length))
      let search = OperatorCost(
        flops: 2 * means * Double(core.heads * core.headDim),
        bytesRead: 4 * means * Double(core.kvHeads * core.headDim),
        bytesWritten: 0)
      return sum + search
        + core.dense.cost(rows: 1, position: seen - 1, length: seen, vectorBytes: cache.vectorBytes)
    }
  }

  /// Computes the means of the blocks that the rows just appended complete.
  func average(layer: Int, _ jobs: AttentionJobs, _ workers: Workers) {
    guard completes, let runs = all.runs, var call = blocks(layer, vt_attention()) else { return }
    call.dense.runs = UnsafePointer(runs)
    withUnsafeMutablePointer(to: &call) { workers.run(all.runCount * core.kvHeads, job: jobs.means, context: $0) }
  }

  /// Attends with what follows the layout in force, to all keys or to chosen ones.
  func attend(layer: Int, _ call: vt_attention, _ jobs: AttentionJobs, _ workers: Workers) {
    guard choosingCount > 0, let own = choosing.base, var choice = blocks(layer, call) else {
      return all.attend(layer: layer, call, jobs, workers)
    }
    if wholeCount > 0 {
      whole.place(call)
      whole.attend(choice.dense, jobs, workers)
    }
    for index in 0..<choosingCount { own[index].place(call) }
    choice.dense.runs = UnsafePointer(own)
    withUnsafeMutablePointer(to: &choice) {
      workers.run(choosingCount * core.kvHeads, job: jobs.blocks, context: $0)
    }
  }

  /// What averaging and choosing have in common.
  private func blocks(_ layer: Int, _ call: vt_attention) -> vt_attention_blocks? {
    guard let cache = all.cacheLayout, let dense = all.call(layer: layer, call) else { return nil }
    var call = vt_attention_blocks()
    call.dense = dense
    call.means_bytes = Int64(cache.meansBytes)
    call.kv_heads = Int32(core.kvHeads)
    call.blocks = Int32(core.budget.blocks)
    call.most_blocks = Int32(mostBlocks)
    call.keeps_first = core.budget.keepsFirst
    call.local = Int64(core.budget.local)
    call.pages = UnsafePointer(table.base)
    call.pages_each = Int64(pagesEach)
    call.scratch = scratch.base
    call.scratch_stride = Int64(scratchStride)
    return call
  }
}

extension vt_attention_run {
  /// Some of its rows, with the keys that the last of them sees.
  fileprivate func part(_ rows: Range<Int>) -> vt_attention_run {
    var part = self
    part.first_row += Int64(rows.lowerBound)
    part.position += Int64(rows.lowerBound)
    part.rows = Int64(rows.count)
    part.length = part.position + part.rows
    return part
  }
}
