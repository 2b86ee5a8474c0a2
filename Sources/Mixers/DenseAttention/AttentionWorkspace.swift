import CVenturi
import Layers
import Numerics
import Tensors

/// What dense attention keeps with a batch: the page tables, the work list and the scratch, the same for all layers.
final class AttentionWorkspace: BatchAttachment {
  private let core: DenseAttention
  private let threads: Int
  private let allocator: Allocator
  private let slopes: UnsafeMutablePointer<Float>?
  private var runs: UnsafeMutableBufferPointer<vt_attention_run>
  private var pages: UnsafeMutableBufferPointer<UnsafeRawPointer?>
  private var items: UnsafeMutableBufferPointer<vt_attention_item>
  private var merges: UnsafeMutableBufferPointer<vt_attention_merge>
  private var scratch: UnsafeMutableBufferPointer<Float>
  private var partials: UnsafeMutableBufferPointer<Float>
  private var cacheLayout: KeyValueLayout?
  private(set) var runCount = 0
  private(set) var itemCount = 0
  private(set) var mergeCount = 0
  private let scratchStride: Int

  init(core: DenseAttention, context: Context) {
    self.core = core
    threads = context.workers.count
    allocator = context.allocator
    slopes = core.slopes.map { values in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
      copy.initialize(from: values, count: values.count)
      return copy
    }
    runs = .allocate(capacity: 1)
    pages = .allocate(capacity: 1)
    items = .allocate(capacity: 1)
    merges = .allocate(capacity: 1)
    partials = .allocate(capacity: 1)
    let rows = max(AttentionWork.blockRows, core.group)
    scratchStride = Int(vt_attention_scratch_floats(Int32(rows), Int32(core.headDim)))
    scratch = .allocate(capacity: threads * scratchStride)
  }

  deinit {
    slopes?.deallocate()
    runs.deallocate()
    pages.deallocate()
    items.deallocate()
    merges.deallocate()
    partials.deallocate()
    scratch.deallocate()
  }

  /// The layers of the caches in force.
  var layerCount: Int? { cacheLayout?.layers }

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
      caches.append(cache)
    }
    cacheLayout = caches.first?.layout
    Self.grow(&pages, to: caches.reduce(0) { $0 + $1.bases.count })
    Self.grow(&runs, to: caches.count)
    var pageCount = 0
    for (index, cache) in caches.enumerated() {
      var run = vt_attention_run()
      run.pages = UnsafePointer(pages.baseAddress.unsafelyUnwrapped + pageCount)
      for base in cache.bases {
        pages[pageCount] = base
        pageCount += 1
      }
      let source = layout.runs[index]
      run.first_row = Int64(source.firstRow)
      run.rows = Int64(source.rows)
      run.position = Int64(source.position)
      run.length = Int64(source.position + source.rows)
      runs[index] = run
    }
    runCount = caches.count
    plan(layout)
  }

  /// Lists the work: query blocks longest first, or, when there are too few to keep the threads busy, single pages of
  /// short runs. The list decides who computes what, never a bit of the result.
  private func plan(_ layout: BatchLayout) {
    var work = AttentionWork(core: core, threads: threads)
    for run in layout.runs { work.count(rows: run.rows, position: run.position) }
    Self.grow(&items, to: work.itemBound)
    Self.grow(&merges, to: work.mergeBound)
    Self.grow(&partials, to: work.partialBound)
    for (index, run) in layout.runs.enumerated() {
      work.list(run: index, rows: run.rows, position: run.position, heads: core.kvHeads, items, merges)
    }
    itemCount = work.items
    mergeCount = work.merges
    items[0..<itemCount].sort { $0.cost > $1.cost }
  }

  private static func grow<Element>(_ buffer: inout UnsafeMutableBufferPointer<Element>, to count: Int) {
    if count <= buffer.count { return }
    buffer.deallocate()
    buffer = .allocate(capacity: max(count, 2 * buffer.count))
  }

  /// Fills in what follows the layout in force.
  func describe(layer: Int, _ call: inout vt_attention_append) {
    guard let cacheLayout else { return }
    call.half = cacheLayout.isHalf
    call.page_offset = Int64(layer * cacheLayout.layerBytes)
    call.head_bytes = Int64(cacheLayout.headBytes)
    call.values_bytes = Int64(cacheLayout.keyBytes)
    call.runs = UnsafePointer(runs.baseAddress)
  }

  /// Fills in what follows the layout in force.
  func describe(layer: Int, _ call: inout vt_attention) {
    guard let cacheLayout else { return }
    let size = KeyValueLayout.pageTokens
    call.half = cacheLayout.isHalf
    call.page_offset = Int64(layer * cacheLayout.layerBytes)
    call.head_bytes = Int64(cacheLayout.headBytes)
    call.values_bytes = Int64(cacheLayout.keyBytes)
    call.value_key = 16
    call.value_group = Int64(16 * size)
    call.slopes = UnsafePointer(slopes)
    for index in 0..<runCount {
      runs[index].q_offset = runs[index].first_row * call.q_row
      runs[index].o_offset = runs[index].first_row * call.o_row
    }
    call.runs = UnsafePointer(runs.baseAddress)
    call.items = UnsafePointer(items.baseAddress)
    call.merges = UnsafePointer(merges.baseAddress)
    call.partials = partials.baseAddress
    call.scratch = scratch.baseAddress
    call.scratch_stride = Int64(scratchStride)
  }
}
