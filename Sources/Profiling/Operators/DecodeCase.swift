import Formats
import Tensors

/// Exact attention of one new token over an f16 cache, layer after layer: keys and values are read once, so memory is the
/// limit. No peer holds its cache in f16 and in layers as we do.
public struct DecodeCase: OperatorCase, Equatable {
  /// Keys that the cache holds.
  public var n: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var d: Int
  /// Layers of the cache.
  public var layers: Int

  /// A case.
  public init(n: Int, heads: Int, kvHeads: Int, d: Int, layers: Int) {
    self.n = n
    self.heads = heads
    self.kvHeads = kvHeads
    self.d = d
    self.layers = layers
  }

  /// `decode N2048 H9/3 d64 L30`.
  public var name: String { "decode N\(n) H\(heads)/\(kvHeads) d\(d) L\(layers)" }
  /// Bytes of keys and values, two of each element.
  public var work: Double { 4e-9 * Double(layers) * Double(kvHeads) * Double(n) * Double(d) }
  /// Bytes.
  public var unit: String { "GB/s" }
  /// Beyond every cache.
  public var ceilingBytes: Int { 256 << 20 }
  /// The shape, for the row.
  public var request: [JSON.Member] {
    [
      JSON.Member("op", "decode"), JSON.Member("n", .integer(n)), JSON.Member("heads", .integer(heads)),
      JSON.Member("kvHeads", .integer(kvHeads)), JSON.Member("d", .integer(d)), JSON.Member("layers", .integer(layers)),
    ]
  }

  /// None does this.
  public func task(threads: Int) -> PeerCatalogue.Task? { nil }

  /// The best rate of reading memory.
  public func ceiling(of machine: Ceilings) -> Double { machine.bestRead.median }

  /// Our own side.
  ///
  /// - Throws: `MixerError`.
  public func contestant(_ context: Context) throws -> any OperatorContestant {
    try DecodeContestant(self, context: context)
  }
}
