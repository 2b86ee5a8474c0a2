/// One generated token.
public struct GeneratedToken: Sendable, Hashable {
  /// A token and its log-probability.
  public struct Alternative: Sendable, Hashable {
    /// The token's id.
    public var id: Int32
    /// The natural logarithm of its probability.
    public var logProbability: Float

    /// An alternative from its parts.
    public init(id: Int32, logProbability: Float) {
      self.id = id
      self.logProbability = logProbability
    }
  }

  /// The token's id.
  public var id: Int32
  /// The token's own bytes, which need not be whole characters.
  public var bytes: [UInt8]
  /// The natural logarithm of its probability in the model's distribution, before bias, penalties and temperature; when
  /// asked for.
  public var logProbability: Float?
  /// The likeliest tokens of that distribution, likeliest first; as many as asked for.
  public var alternatives: [Alternative]

  /// A token from its parts.
  public init(id: Int32, bytes: [UInt8] = [], logProbability: Float? = nil, alternatives: [Alternative] = []) {
    self.id = id
    self.bytes = bytes
    self.logProbability = logProbability
    self.alternatives = alternatives
  }
}
