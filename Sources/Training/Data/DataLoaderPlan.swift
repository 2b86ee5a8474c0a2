/// The steps of a loader one after the other, without an end.
struct DataLoaderPlan: Sendable {
  /// What a call of the loader is to give.
  enum Step: Sendable {
    /// The elements at these places of an epoch's order, and where the loader is after them.
    case batch(places: Range<Int>, epoch: Int, after: DataLoaderState)
    /// The end of an epoch.
    case end(after: DataLoaderState)
  }

  private let options: DataLoaderOptions
  private var state: DataLoaderState

  init(_ options: DataLoaderOptions, from state: DataLoaderState) {
    self.options = options
    self.state = state
  }

  mutating func next() -> Step {
    let rest = state.count - state.position
    let size = min(options.batch, rest)
    guard size > 0, size == options.batch || !options.dropsLast else {
      state.epoch += 1
      state.position = 0
      return .end(after: state)
    }
    let start = state.position
    state.position += size
    // The products are below 2⁵¹.
    let places = start + size * options.rank / options.ranks..<start + size * (options.rank + 1) / options.ranks
    return .batch(places: places, epoch: state.epoch, after: state)
  }
}
