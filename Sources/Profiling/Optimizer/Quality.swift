import Formats

/// Whether a lever keeps the model's answers.
public struct Quality: Sendable, Equatable {
  /// Whether the technique says that answers stay the same, bit for bit.
  public var isExact: Bool
  /// Whether the sample's answers did; only exact techniques are asked.
  public var isSame: Bool?
  /// The perplexity on the text; only approximate techniques are asked.
  public var perplexity: Double?
  /// That of the settings it is compared with.
  public var reference: Double?

  /// A quality from its parts.
  public init(isExact: Bool, isSame: Bool? = nil, perplexity: Double? = nil, reference: Double? = nil) {
    self.isExact = isExact
    self.isSame = isSame
    self.perplexity = perplexity
    self.reference = reference
  }

  /// The perplexity's change: 0.01 for one per cent worse.
  public var change: Double? {
    guard let perplexity, let reference else { return nil }
    return perplexity / reference - 1
  }

  /// Whether it is good enough when the perplexity may become worse by the share `allowed`.
  public func isAcceptable(allowed: Double) -> Bool {
    if isExact { return isSame == true }
    guard let change else { return false }
    return change <= allowed
  }

  /// `{"exact", "same"}` or `{"exact", "perplexity", "reference", "change"}`.
  public var json: JSON {
    var members = [JSON.Member("exact", .bool(isExact))]
    if let isSame { members.append(JSON.Member("same", .bool(isSame))) }
    if let perplexity { members.append(JSON.Member("perplexity", .rounded(perplexity))) }
    if let reference { members.append(JSON.Member("reference", .rounded(reference))) }
    if let change { members.append(JSON.Member("change", .rounded(change, digits: 4))) }
    return .object(members)
  }
}
