// Kinetics: Rethinking Test-Time Scaling Laws (2025), https://arxiv.org/abs/2506.05333: what many long answers cost when
// memory traffic has a price too.

/// Operations and bytes of trials, and both as one number.
public struct KineticsCost: Sendable, Hashable {
  /// Operations of products with weights.
  public var linear: Double
  /// Operations of attention, the search for blocks included.
  public var attention: Double
  /// Bytes of keys and values that are read, block means included.
  public var keyValueBytes: Double
  /// Bytes of weights that are read, where they are priced.
  public var weightBytes: Double

  /// A cost from its parts.
  public init(linear: Double = 0, attention: Double = 0, keyValueBytes: Double = 0, weightBytes: Double = 0) {
    self.linear = linear
    self.attention = attention
    self.keyValueBytes = keyValueBytes
    self.weightBytes = weightBytes
  }

  /// Operations and bytes in one unit, at `intensity` operations for a byte: the device's rate over its bandwidth.
  public func equivalent(intensity: Double) -> Double {
    linear + attention + intensity * (keyValueBytes + weightBytes)
  }

  /// The part of the whole that attention takes: its operations and its bytes.
  public func attentionShare(intensity: Double) -> Double {
    let whole = equivalent(intensity: intensity)
    return whole > 0 ? (attention + intensity * keyValueBytes) / whole : 0
  }

  /// The cost of both.
  public static func + (a: KineticsCost, b: KineticsCost) -> KineticsCost {
    KineticsCost(
      linear: a.linear + b.linear, attention: a.attention + b.attention,
      keyValueBytes: a.keyValueBytes + b.keyValueBytes, weightBytes: a.weightBytes + b.weightBytes)
  }

  /// This cost `factor` times.
  public func scaled(_ factor: Double) -> KineticsCost {
    KineticsCost(
      linear: factor * linear, attention: factor * attention, keyValueBytes: factor * keyValueBytes,
      weightBytes: factor * weightBytes)
  }
}
