/// What is wrong with some ranks, as far as their collective calls tell.
public struct FaultFinding: Sendable, Hashable {
  /// The kind of fault, and whose it is.
  public enum Fault: Sendable, Hashable {
    /// All ranks entered, these have not completed, and nothing is transferred: of the connections those that stopped first.
    case communicationHang(ranks: [Int])
    /// These ranks have not entered while others wait: they crashed, or compute or load for ever.
    case nonCommunicationHang(ranks: [Int])
    /// The link from one rank to another is slow.
    case slowLink(from: Int, to: Int)
    /// All that a rank sends is slow.
    case slowSender(Int)
    /// All that a rank receives is slow.
    case slowReceiver(Int)
    /// All that a rank sends and receives is slow: its node or its card.
    case slowNode(Int)
    /// A rank enters late again and again: the others wait for it.
    case straggler(Int)
  }

  /// The fault.
  public var fault: Fault
  /// How bad it is: times the usual for what is slow, seconds of silence or of waiting else.
  public var evidence: Double

  /// A finding.
  public init(_ fault: Fault, evidence: Double) {
    self.fault = fault
    self.evidence = evidence
  }
}
