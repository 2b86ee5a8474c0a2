import Training

/// Elements of any source, or of a stretch of one.
struct Elements<Element: Sendable>: DataSource {
  let count: Int
  private let start: Int
  private let give: @Sendable (Int, Int) throws -> Element

  /// The elements of `source` in `range`, as far as there are any; all by default.
  init(_ source: some DataSource<Element>, _ range: Range<Int>? = nil) {
    let range = (range ?? 0..<source.count).clamped(to: 0..<source.count)
    (start, count) = (range.lowerBound, range.count)
    give = { try source.element(at: $0, epoch: $1) }
  }

  func element(at index: Int, epoch: Int) throws -> Element { try give(start + index, epoch) }
}

/// Elements in another order.
struct ReorderedSource<Base: DataSource>: DataSource {
  private let base: Base
  private let order: Permutation

  init(_ base: Base, _ order: Permutation) { (self.base, self.order) = (base, order) }

  var count: Int { base.count }

  func element(at index: Int, epoch: Int) throws -> Base.Element { try base.element(at: order[index], epoch: epoch) }
}

/// What is learned from and what is held out.
struct Parts<Element: Sendable> {
  var training: Elements<Element>
  var validation: Elements<Element>

  /// The first elements of both only, where there is a limit.
  func limited(_ limit: Int?) -> Parts {
    guard let limit else { return self }
    return Parts(training: Elements(training, 0..<limit), validation: Elements(validation, 0..<limit))
  }
}
