import CVenturi
import Tensors

/// How speeds are compared: contestants take turns in one run (A B A B …), after a warm-up of each, and every figure is a
/// median with its range.
public struct TimingProtocol: Sendable {
  /// Turns of each contestant that are thrown away.
  public var warmUps: Int
  /// Turns of each contestant that count; at least ten for a headline.
  public var pairs: Int
  /// Seconds of silence between turns, so that one contestant's spinning threads do not slow the next.
  public var pauseSeconds: Double

  /// A protocol.
  public init(warmUps: Int = 1, pairs: Int = 5, pauseSeconds: Double = 0.02) {
    self.warmUps = max(0, warmUps)
    self.pairs = max(1, pairs)
    self.pauseSeconds = pauseSeconds
  }

  /// One of those who take turns.
  public struct Contestant {
    /// Its name in the result.
    public var name: String
    /// One turn: the seconds that count.
    public var turn: () throws -> Double

    /// A contestant; `turn` does the work once and returns the seconds it took.
    public init(_ name: String, turn: @escaping () throws -> Double) {
      self.name = name
      self.turn = turn
    }
  }

  /// What a contestant took in each pair; the error that ended its part, if one did.
  public struct Outcome: Sendable {
    /// The contestant's name.
    public var name: String
    /// Seconds of each turn that counted.
    public var seconds: [Double]
    /// Why it stopped taking part.
    public var failure: String?
  }

  /// Lets the contestants take turns.
  ///
  /// A contestant that throws takes no further part and its outcome says why; `CancellationError` ends the run.
  ///
  /// - Throws: `CancellationError`.
  public func run(_ contestants: [Contestant]) throws -> [Outcome] {
    var outcomes = contestants.map { Outcome(name: $0.name, seconds: [], failure: nil) }
    for round in 0..<(warmUps + pairs) {
      for (index, contestant) in contestants.enumerated() where outcomes[index].failure == nil {
        do {
          Self.pause(pauseSeconds)
          let seconds = try contestant.turn()
          if round >= warmUps { outcomes[index].seconds.append(seconds) }
        } catch let error as CancellationError {
          throw error
        } catch {
          outcomes[index].seconds = []
          outcomes[index].failure = "\(error)"
        }
      }
    }
    return outcomes
  }

  /// The seconds that `body` takes.
  public static func time(_ body: () throws -> Void) rethrows -> Double {
    let start = vt_monotonic_seconds()
    try body()
    return vt_monotonic_seconds() - start
  }
}
