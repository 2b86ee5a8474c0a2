import CVenturi
import Layers
import Tensors

/// What dense attention keeps with a batch: the page tables and the plan, the same for all layers.
final class AttentionWorkspace: BatchAttachment {
  private let core: DenseAttention
  private let allocator: Allocator
  private let plan: AttentionPlan
  private var pages = WorkBuffer<UnsafeRawPointer?>()
  private(set) var cacheLayout: KeyValueLayout?

  init(core: DenseAttention, context: Context) {
    self.core = core
    allocator = context.workAllocator
    plan = AttentionPlan(core: core, context: context)
  }

  /// Refuses a layer that the caches in force have not.
  func check(layer: Int) throws(MixerError) {
    guard layer >= 0 else { throw .invalidSetting(field: "layer", value: layer, expected: "0 or more") }
    if let count = cacheLayout?.layers, layer >= count {
      throw .invalidSetting(field: "layer", value: layer, expected: "below \(count)")
    }
  }

  /// The rows × kv heads up to which appending is over before a second thread would have begun.
  private static let serialRows = 8
  private var rows = 0
  var runCount: Int { plan.runCount }
  /// The runs in force.
  var runs: UnsafeMutablePointer<vt_attention_run>? { plan.runs }

  func prepare(for layout: BatchLayout) throws(MixerError) {
    var caches: [KeyValueCache] = []
    caches.reserveCapacity(layout.runs.count)
    for (index, run) in layout.runs.enumerated() {
      guard core.slot < run.states.count, let cache = run.states[core.slot] as? KeyValueCache,
        cache.layout.kvHeads == core.kvHeads, cache.layout.headDim == core.headDim,
        index == 0 || cache.layout == caches[0].layout
      else {
        throw .foreignState(
          run: index, expected: "key-value cache of \(core.kvHeads) heads of \(core.headDim), alike in all runs")
      }
      // Rows of an earlier run cannot have seen the keys of this one.
      if core.mask.right != 0, run.position > 0 { throw .looksAhead(run: index, position: run.position) }
      caches.append(cache)
    }
    cacheLayout = caches.first?.layout
    rows = layout.rows
    try pages.reserve(caches.reduce(0) { $0 + $1.bases.count }, allocator)
    var table = pages.base
    try plan.prepare(caches.count) { index in
      let source = layout.runs[index]
      var run = vt_attention_run()
      if let first = table {
        let bases = caches[index].bases
        first.update(from: bases, count: bases.count)
        run.pages = UnsafePointer(first)
        table = first + bases.count
      }
      run.first_row = Int64(source.firstRow)
      run.rows = Int64(source.rows)
      run.position = Int64(source.position)
      run.length = Int64(source.position + source.rows)
      return run
    }
  }

  /// What appending the layout in force moves: k and v as f32, and as the cache has them.
  func appendCost() -> OperatorCost {
    let vectors = 2 * Double(rows * core.kvHeads)
    return OperatorCost(
      bytesRead: 4 * vectors * Double(core.headDim), bytesWritten: vectors * Double(cacheLayout?.vectorBytes ?? 0))
  }

  /// What attending with the layout in force computes and moves at least; keys and values are the states'.
  func attendCost() -> OperatorCost { plan.cost(vectorBytes: cacheLayout?.vectorBytes ?? 0) }

  /// Appends with what follows the layout in force.
  func append(layer: Int, _ call: vt_attention_append, _ jobs: AttentionJobs, _ workers: Workers) {
    guard let cacheLayout else { return }
    var call = call
    call.layout = cacheLayout.kernelLayout
    call.page_offset = Int64(layer * cacheLayout.layerBytes)
    call.runs = UnsafePointer(plan.runs)
    let items = runCount * core.kvHeads
    withUnsafeMutablePointer(to: &call) {
      if rows * core.kvHeads > Self.serialRows { return workers.run(items, job: jobs.append, context: $0) }
      for item in 0..<items { jobs.append($0, Int32(item), 0) }
    }
  }

  /// Attends with what follows the layout in force.
  func attend(layer: Int, _ call: vt_attention, _ jobs: AttentionJobs, _ workers: Workers) {
    guard let call = self.call(layer: layer, call) else { return }
    plan.place(call)
    plan.attend(call, jobs, workers)
  }

  /// A call with the core's parameters, for a layer of the caches in force.
  func call(layer: Int, _ call: vt_attention) -> vt_attention? {
    guard let cacheLayout else { return nil }
    var call = call
    call.layout = cacheLayout.kernelLayout
    call.page_offset = Int64(layer * cacheLayout.layerBytes)
    plan.complete(&call)
    return call
  }
}
