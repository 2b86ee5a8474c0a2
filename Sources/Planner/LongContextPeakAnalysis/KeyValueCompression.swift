/// What is done to keys and values to make their cache smaller; the effects multiply.
public struct KeyValueCompression: Sendable, Hashable {
  /// The part of layers with keys and values of their own, above 0 and at most 1; the others read a neighbour's.
  public var layersKept: Double
  /// Whether layers without keys of their own are left out of the prefill (you only cache once).
  public var prefillSkipsLayers: Bool
  /// Key heads, where they are others than the model's: 1 is multi-query attention.
  public var kvHeads: Int?
  /// The part of tokens that is kept, above 0 and at most 1; the others are not read either.
  public var tokensKept: Double
  /// Bits of each number.
  public var bits: Double
  /// The part of each head's width that is kept, above 0 and at most 1 (low-rank projections).
  public var widthKept: Double

  /// A compression, by default none.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a part that is none, bits outside 1…64, and heads below 1.
  public init(
    layersKept: Double = 1, prefillSkipsLayers: Bool = false, kvHeads: Int? = nil, tokensKept: Double = 1,
    bits: Double = 16, widthKept: Double = 1
  ) throws(PlannerError) {
    for (field, part) in [("layersKept", layersKept), ("tokensKept", tokensKept), ("widthKept", widthKept)]
    where !(part > 0 && part <= 1) {
      throw .invalid(field: field, problem: "\(part) must lie above 0 and at most at 1")
    }
    guard bits >= 1, bits <= 64 else { throw .invalid(field: "bits", problem: "\(bits) lies outside 1…64") }
    if let kvHeads, !(1...1 << 21).contains(kvHeads) {
      throw .invalid(field: "kvHeads", problem: "\(kvHeads) lies outside 1…\(1 << 21)")
    }
    self.init(
      checked: layersKept, skips: prefillSkipsLayers, heads: kvHeads, tokens: tokensKept, bits: bits, width: widthKept)
  }

  private init(checked layers: Double, skips: Bool, heads: Int?, tokens: Double, bits: Double, width: Double) {
    layersKept = layers
    prefillSkipsLayers = skips
    kvHeads = heads
    tokensKept = tokens
    self.bits = bits
    widthKept = width
  }

  /// Keys and values as they are, in 16 bits.
  public static let none = KeyValueCompression(checked: 1, skips: false, heads: nil, tokens: 1, bits: 16, width: 1)
}
