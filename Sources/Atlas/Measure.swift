import Formats
import Profiling

/// A figure of ours beside a peer's, and the sheet's target for one of them or their ratio.
public struct Measure: Sendable, Equatable {
  /// What a target is about.
  public enum Subject: String, Sendable {
    /// How many times better ours is than the peer's.
    case ratio
    /// Our own figure.
    case ours
    /// The peer's figure.
    case peer
  }

  /// A figure that the sheet asks for.
  public struct Target: Sendable, Equatable {
    /// Of what.
    public var subject: Subject
    /// Whether it is the least that counts; else the most.
    public var isLeast: Bool
    /// The figure.
    public var value: Double

    /// At least so much.
    public static func atLeast(_ value: Double, _ subject: Subject = .ratio) -> Target {
      Target(subject: subject, isLeast: true, value: value)
    }

    /// At most so much.
    public static func atMost(_ value: Double, _ subject: Subject) -> Target {
      Target(subject: subject, isLeast: false, value: value)
    }
  }

  /// What was measured, with its sizes.
  public var name: String
  /// The unit of ours and the peer's: `GFLOP/s`.
  public var unit: String
  /// Ours: median and range.
  public var ours: Summary?
  /// The peer's: median and range.
  public var peer: Summary?
  /// The peer, with the configuration that was its best.
  public var peerName: String
  /// How many times better ours is, with its interval.
  public var ratio: RatioEstimate?
  /// The sheet's target, where it has one.
  public var target: Target?
  /// Why there is no figure of the peer's.
  public var absent: String?

  /// A measure from its parts.
  public init(
    _ name: String, unit: String, ours: Summary?, peer: Summary? = nil, peerName: String = "",
    ratio: RatioEstimate? = nil, target: Target? = nil, absent: String? = nil
  ) {
    self.name = name
    self.unit = unit
    self.ours = ours
    self.peer = peer
    self.peerName = peerName
    self.ratio = ratio
    self.target = target
    self.absent = absent
  }

  /// Whether the target is met, by the median; `nil` where there is no target, or no figure to hold against it.
  public var met: Bool? {
    guard let target else { return nil }
    let figure =
      switch target.subject {
      case .ratio: ratio?.median
      case .ours: ours?.median
      case .peer: peer?.median
      }
    guard let figure, !figure.isNaN else { return nil }
    return target.isLeast ? figure >= target.value : figure <= target.value
  }

  /// `{"name", "ours", "peer", "peerName", "ratio", "low", "high", "target", "met", …}`; medians, and null for what is
  /// not there.
  public var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { .rounded($0) } ?? .null }
    func range(_ summary: Summary?) -> JSON { summary.map { [.rounded($0.min), .rounded($0.max)] } ?? .null }
    return [
      "name": .string(name), "unit": .string(unit), "ours": number(ours?.median), "oursRange": range(ours),
      "peer": number(peer?.median), "peerRange": range(peer), "peerName": .string(peerName),
      "ratio": number(ratio?.median), "low": number(ratio?.low), "high": number(ratio?.high),
      "target": number(target?.value), "targetOf": target.map { .string($0.subject.rawValue) } ?? .null,
      "bound": target.map { .string($0.isLeast ? "atLeast" : "atMost") } ?? .null,
      "met": met.map { .bool($0) } ?? .null, "absent": absent.map { .string($0) } ?? .null,
    ]
  }
}
