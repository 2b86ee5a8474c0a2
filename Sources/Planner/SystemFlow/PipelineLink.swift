/// Messages of one node go to another.
public struct PipelineLink: Sendable, Hashable {
  /// The node that sends.
  public var from: String
  /// The node that receives.
  public var to: String
  /// Joules of a bit.
  public var joulesPerBit: Double

  /// A link.
  public init(from: String, to: String, joulesPerBit: Double = 0) {
    self.from = from
    self.to = to
    self.joulesPerBit = joulesPerBit
  }
}
