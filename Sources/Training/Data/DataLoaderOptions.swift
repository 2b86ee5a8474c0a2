/// How a loader goes through its elements.
public struct DataLoaderOptions: Sendable, Hashable {
  /// The elements of a step, over all ranks.
  public var batch: Int
  /// Whether each epoch has a random order of its own; else elements come in the order of their numbers.
  public var shuffles = true
  /// What the orders depend on.
  public var seed: UInt64 = 0
  /// Whether the elements at the end of an epoch that make no full step are left out.
  public var dropsLast = false
  /// Which part of each step is this loader's, from 0.
  public var rank = 0
  /// How many loaders share each step: each takes a stretch of it, none more than one element longer than another's.
  public var ranks = 1
  /// The threads that make batches before they are asked for; with none, whoever asks makes them.
  public var threads = 1
  /// The most batches that are made before they are asked for.
  public var ahead = 4

  /// Steps of `batch` elements.
  public init(batch: Int) { self.batch = batch }

  func prove() throws(DataError) {
    let rules = [
      ("batch", batch, 1...Int(Int32.max)), ("ranks", ranks, 1...1 << 20), ("rank", rank, 0...max(0, ranks - 1)),
      ("threads", threads, 0...256), ("ahead", ahead, 1...1 << 16),
    ]
    for (field, value, range) in rules where !range.contains(value) {
      throw .invalidOption(
        field: field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }
}
