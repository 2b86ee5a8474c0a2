import CVenturi

/// The list of work items of one call: first counted over all runs, then listed.
struct AttentionWork {
  /// The most query rows × group of an item, unless a single query's group is larger.
  static let blockRows = 192

  private let group: Int
  private let kvHeads: Int
  private let mask: AttentionMask
  private let threads: Int
  private let partialFloats: (Int) -> Int
  private var totalCost = 0
  private var blocks = 0
  private(set) var itemBound = 0
  private(set) var mergeBound = 0
  private(set) var partialBound = 0
  private(set) var items = 0
  private var merges = 0
  private var partials = 0

  init(core: DenseAttention, threads: Int) {
    group = core.group
    kvHeads = core.kvHeads
    mask = core.mask
    self.threads = threads
    let headDim = Int32(core.headDim)
    partialFloats = { Int(vt_attention_partial_floats(Int32($0), headDim)) }
  }

  private static let pageKeys = Int(VT_ATTENTION_PAGE)

  /// The pages that rows `rows` of a run see.
  private func pages(_ rows: Range<Int>, _ run: vt_attention_run) -> Range<Int> {
    let position = Int(run.position)
    let length = Int(run.length)
    let first = mask.visible(position: position + rows.lowerBound, length: length).lowerBound
    let last = mask.visible(position: position + rows.upperBound - 1, length: length).upperBound
    if first >= last { return 0..<0 }
    return first / Self.pageKeys..<(last + Self.pageKeys - 1) / Self.pageKeys
  }

  private func mayBeSplit(rows: Int) -> Bool { rows * group <= Int(VT_ATTENTION_PARTIAL_ROWS) }

  /// Adds a run to the totals that decide how fine the work is cut.
  mutating func count(_ run: vt_attention_run) {
    let rows = Int(run.rows)
    if rows == 0 { return }
    let pages = pages(0..<rows, run)
    totalCost += kvHeads * rows * group * max(1, pages.count)
    blocks += kvHeads
    itemBound += kvHeads * max(pages.count, 1 + rows / Self.queries(Self.leastRows, group))
    if mayBeSplit(rows: rows) {
      mergeBound += kvHeads
      partialBound += kvHeads * pages.count * partialFloats(rows * group)
    }
  }

  /// Blocks are not cut finer than this, and into multiples of it, which fill the kernels' tiles.
  private static let leastRows = 24
  private static func queries(_ rows: Int, _ group: Int) -> Int { max(1, rows / group) }

  /// Lists a run's items and, when it is split, its merges.
  mutating func list(
    run index: Int, _ run: vt_attention_run, _ list: UnsafeMutablePointer<vt_attention_item>,
    _ merge: UnsafeMutablePointer<vt_attention_merge>?
  ) {
    let rows = Int(run.rows)
    if rows == 0 { return }
    let all = pages(0..<rows, run)
    let split = mayBeSplit(rows: rows) && threads > 1 && blocks < 4 * threads && all.count > 1
    // With 8 blocks for each thread, the last ones to end leave little idle.
    let wanted = max(1, totalCost / (8 * threads))
    let perBlock = min(Self.blockRows, max(1, wanted / max(1, all.count) / Self.leastRows) * Self.leastRows)
    let step = Self.queries(perBlock, group)
    for head in 0..<kvHeads {
      if split, let merge {
        merge[merges] = vt_attention_merge(
          run: Int32(index), head: Int32(head), first_page: Int32(all.lowerBound), last_page: Int32(all.upperBound),
          pending: Int32(all.count), unused: 0, partial: Int64(partials))
        for page in all {
          list[items] = vt_attention_item(
            run: Int32(index), head: Int32(head), first: 0, count: Int32(rows), page: Int32(page), merge: Int32(merges),
            next: -1, cost: Int32(clamping: rows * group), partial: Int64(partials))
          items += 1
          partials += partialFloats(rows * group)
        }
        merges += 1
        continue
      }
      var first = 0
      while first < rows {
        let count = min(step, rows - first)
        let seen = pages(first..<first + count, run).count
        list[items] = vt_attention_item(
          run: Int32(index), head: Int32(head), first: Int32(first), count: Int32(count), page: -1, merge: 0,
          next: -1, cost: Int32(clamping: count * group * (seen + 1)), partial: 0)
        items += 1
        first += count
      }
    }
  }
}
