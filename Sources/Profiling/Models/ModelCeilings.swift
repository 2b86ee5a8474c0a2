/// The most tokens a second that a machine's measured limits allow a model.
///
/// Prefill: two operations for each weight outside the embedding, at the rate of the chain that serves the weight's
/// type; attention and everything else counted as free. Decode: the file's bytes, and those of an f16 cache of the
/// depth, at the rate of memory reads. Rates are the best slices measured: a slice that other programs disturbed says nothing
/// about a limit.
public struct ModelCeilings: Sendable {
  /// The machine's limits.
  public let machine: Ceilings
  /// The model's weights.
  public let inventory: WeightInventory

  /// Ceilings for a model on a machine.
  public init(machine: Ceilings, inventory: WeightInventory) {
    self.machine = machine
    self.inventory = inventory
  }

  /// Prompt tokens a second.
  public var prefill: Double {
    var seconds = 0.0
    for weight in inventory.prefillMatrices {
      guard let rate = machine.chains[WeightInventory.chain(for: weight.dtype)]?.max, rate > 0 else { return .nan }
      seconds += 2 * Double(weight.count) / (rate * 1e9)
    }
    return 1 / seconds
  }

  /// Decoded tokens a second after `depth` tokens, with one plain stream of reads per thread.
  public func decode(depth: Int) -> Double { machine.read.max * 1e9 / bytes(depth) }

  /// Decoded tokens a second after `depth` tokens, with the fastest reads that were found.
  public func decodeBest(depth: Int) -> Double { machine.bestRead.max * 1e9 / bytes(depth) }

  private func bytes(_ depth: Int) -> Double {
    Double(inventory.decodeBytes) + Double(inventory.cacheBytesPerToken) * Double(depth)
  }
}
