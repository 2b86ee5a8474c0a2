import CVenturi
import Layers
import Tensors

/// What block top-k attention keeps with a batch: which runs choose, and pages that their chosen blocks are brought into.
final class BlockTopKWorkspace: BatchAttachment {
  /// All runs: appending, and attending where none chooses.
  let all: AttentionWorkspace
  private let core: BlockTopKAttention
  private let allocator: Allocator
  private let threads: Int
  /// The runs that see all keys, where there are others.
  private let whole: AttentionPlan
  /// The runs that choose, over their own pages.
  private let chosen: AttentionPlan
  private var choosing = WorkBuffer<vt_attention_run>()
  private var pages = WorkBuffer<UInt8>()
  private var table = WorkBuffer<UnsafeRawPointer?>()
  private var scratch = WorkBuffer<Float>()
  private var scratchStride = 0
  private var mostBlocks = 0
  private var choosingCount = 0
  private var completes = false

  init(core: BlockTopKAttention, context: Context) {
    self.core = core
    allocator = context.workAllocator
    threads = context.workers.count
    all = AttentionWorkspace(core: core.dense, context: context)
    whole = AttentionPlan(core: core.dense, context: context)
    chosen = AttentionPlan(core: core.dense, context: context)
  }

  /// The blocks of a sequence, in whole pages.
  private static func blocks(_ length: Int) -> Int {
    KeyValueLayout.pages(length) * (KeyValueLayout.pageTokens / KeyValueLayout.blockTokens)
  }

  /// What a worker needs to choose among the blocks of `length` tokens.
  static func scratchFloats(_ length: Int, _ budget: BlockBudget, headDim: Int) -> Int {
    Int(vt_attention_blocks_floats(Int32(clamping: blocks(length)), Int32(budget.blocks), Int32(headDim)))
  }

  func prepare(for layout: BatchLayout) throws(MixerError) {
    choosingCount = 0
    try all.prepare(for: layout)
    guard let cache = all.cacheLayout, let runs = all.runs else { return }
    guard cache.hasBlockMeans else {
      throw .foreignState(run: 0, expected: "key-value cache with the means of its blocks")
    }
    let block = Int64(KeyValueLayout.blockTokens)
    completes = (0..<all.runCount).contains {
      runs[$0].position / block < (runs[$0].position + runs[$0].rows) / block
    }
    var (few, rest): ([Int], [Int]) = ([], [])
    for index in 0..<all.runCount {
      let chooses = runs[index].rows == 1 && core.budget.candidates(Int(runs[index].length)) > core.budget.blocks
      if chooses { few.append(index) } else { rest.append(index) }
    }
    if few.isEmpty { return }
    try whole.prepare(rest.count) { runs[rest[$0]] }
    let longest = few.reduce(0) { max($0, Int(runs[$1].length)) }
    mostBlocks = Self.blocks(longest)
    scratchStride = Self.scratchFloats(longest, core.budget, headDim: core.headDim)
    try scratch.reserve(threads * scratchStride, allocator)
    try choosing.reserve(few.count, allocator)
    let each = KeyValueLayout.pages(core.budget.most)
    try pages.reserve(few.count * each * cache.layerBytes, allocator)
    try table.reserve(few.count * each, allocator)
    guard let own = choosing.base, let memory = pages.base, let places = table.base else { return }
    for page in 0..<few.count * each { places[page] = UnsafeRawPointer(memory + page * cache.layerBytes) }
    try chosen.prepare(few.count) { index in
      own[index] = runs[few[index]]
      var run = own[index]
      run.pages = UnsafePointer(places + index * each)
      run.length = Int64(core.budget.seen(Int(run.length)))
      run.position = run.length - 1
      return run
    }
    choosingCount = few.count
  }

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
    let means = (0..<choosingCount).reduce(0.0) { $0 + Double(core.budget.candidates(Int(own[$1].length))) }
    let search = OperatorCost(
      flops: 2 * means * Double(core.heads * core.headDim), bytesRead: 4 * means * Double(core.kvHeads * core.headDim),
      bytesWritten: 0)
    return whole.cost(vectorBytes: cache.vectorBytes) + search + chosen.cost(vectorBytes: cache.vectorBytes)
  }

  /// Computes the means of the blocks that the rows just appended complete.
  func average(layer: Int, _ jobs: AttentionJobs, _ workers: Workers) {
    guard completes, let runs = all.runs, var call = blocks(layer) else { return }
    call.runs = UnsafePointer(runs)
    withUnsafeMutablePointer(to: &call) { workers.run(all.runCount * core.kvHeads, job: jobs.means, context: $0) }
  }

  /// Chooses and attends with what follows the layout in force.
  func attend(layer: Int, _ call: vt_attention, _ jobs: AttentionJobs, _ workers: Workers) {
    guard choosingCount > 0, let cache = all.cacheLayout, let own = choosing.base, var choice = blocks(layer),
      let few = chosen.runs
    else { return all.attend(layer: layer, call, jobs, workers) }
    var call = call
    call.layout = cache.kernelLayout
    if let rest = whole.runs, whole.runCount > 0 {
      call.page_offset = choice.page_offset
      Self.place(rest, whole.runCount, call)
      whole.attend(call, jobs, workers)
    }
    Self.place(own, choosingCount, call)
    Self.place(few, choosingCount, call)
    choice.q = call.q
    choice.q_head = call.q_head
    choice.runs = UnsafePointer(own)
    choice.chosen_runs = UnsafePointer(few)
    withUnsafeMutablePointer(to: &choice) {
      workers.run(choosingCount * core.kvHeads, job: jobs.choose, context: $0)
    }
    call.page_offset = 0
    chosen.attend(call, jobs, workers)
  }

  /// Where the rows of runs begin in q and o.
  private static func place(_ runs: UnsafeMutablePointer<vt_attention_run>, _ count: Int, _ call: vt_attention) {
    for index in 0..<count {
      runs[index].q_offset = runs[index].first_row * call.q_row
      runs[index].o_offset = runs[index].first_row * call.o_row
    }
  }

  /// What averaging and choosing have in common.
  private func blocks(_ layer: Int) -> vt_attention_blocks? {
    guard let cache = all.cacheLayout else { return nil }
    var call = vt_attention_blocks()
    call.layout = cache.kernelLayout
    call.means_bytes = Int64(cache.meansBytes)
    call.page_offset = Int64(layer * cache.layerBytes)
    call.kv_heads = Int32(core.kvHeads)
    call.group = Int32(core.dense.group)
    call.blocks = Int32(core.budget.blocks)
    call.most_blocks = Int32(mostBlocks)
    call.local = Int64(core.budget.local)
    call.scratch = scratch.base
    call.scratch_stride = Int64(scratchStride)
    return call
  }
}
