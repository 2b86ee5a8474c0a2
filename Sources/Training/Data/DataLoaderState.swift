/// Where a loader is: all that is needed to go on from there with the same batches, to the bit.
///
/// It tells nothing of ranks, threads or batch sizes, so that a run may go on with others; the order of the elements stays
/// the same.
public struct DataLoaderState: Sendable, Hashable, Codable {
  /// The passes over all elements that are complete.
  public var epoch: Int
  /// The elements of this epoch that all ranks together have taken.
  public var position: Int
  /// What the orders depend on.
  public var seed: UInt64
  /// Whether there are any.
  public var shuffles: Bool
  /// The number of elements of the source.
  public var count: Int

  /// A position from its parts.
  public init(epoch: Int, position: Int, seed: UInt64, shuffles: Bool, count: Int) {
    self.epoch = epoch
    self.position = position
    self.seed = seed
    self.shuffles = shuffles
    self.count = count
  }

  /// Proves that a position, which may come from a file, is one of these data in this order.
  func prove(for options: DataLoaderOptions, count: Int) throws(DataError) {
    if self.count != count { throw .wrongState(field: "count", found: "\(self.count)", expected: "\(count)") }
    if shuffles != options.shuffles {
      throw .wrongState(field: "shuffles", found: "\(shuffles)", expected: "\(options.shuffles)")
    }
    if shuffles, seed != options.seed {
      throw .wrongState(field: "seed", found: "\(seed)", expected: "\(options.seed)")
    }
    guard (0...1 << 48).contains(epoch) else {
      throw .wrongState(field: "epoch", found: "\(epoch)", expected: "0 to 2⁴⁸")
    }
    guard (0...count).contains(position) else {
      throw .wrongState(field: "position", found: "\(position)", expected: "0 to \(count)")
    }
  }
}
