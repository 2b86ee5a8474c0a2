/// Keys and values that are made from a short vector kept for each token, as DeepSeek's latent attention does.
///
/// Each head's key is a part made from the vector and a rotated part that all heads share; queries go through a short vector too.
public struct LatentState: Sendable, Hashable, Codable {
  /// The length of the vector that queries are made from.
  public var queryRank: Int
  /// The length of the vector that keys and values are made from.
  public var rank: Int
  /// The length of the rotated part of a key.
  public var rotated: Int
  /// The length of a key's other part.
  public var plain: Int
  /// The length of a head's value.
  public var value: Int

  /// Latent attention.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for lengths outside 1…2²⁰.
  public init(queryRank: Int, rank: Int, rotated: Int, plain: Int, value: Int) throws(PlannerError) {
    for (field, length) in [
      ("queryRank", queryRank), ("rank", rank), ("rotated", rotated), ("plain", plain), ("value", value),
    ] where !(1...1 << 20).contains(length) {
      throw .invalid(field: field, problem: "\(length) lies outside 1…\(1 << 20)")
    }
    self.init(checked: queryRank, rank, rotated, plain, value)
  }

  init(checked queryRank: Int, _ rank: Int, _ rotated: Int, _ plain: Int, _ value: Int) {
    self.queryRank = queryRank
    self.rank = rank
    self.rotated = rotated
    self.plain = plain
    self.value = value
  }

  /// The length of a query and of a whole key.
  public var query: Int { plain + rotated }
  /// Numbers kept for a token.
  public var kept: Int { rank + rotated }
}
