import Formats

/// The peers that take part in a run: started once, asked in their best configuration, reported as absent where they are.
public final class PeerField {
  /// A peer that runs.
  struct Runner {
    var name: String
    var variant: PeerCatalogue.Variant
    var process: PeerProcess
  }

  /// Why a peer takes no part.
  public private(set) var absent: [(name: String, reason: String)] = []
  private(set) var runners: [Runner] = []

  /// Starts every variant of the peers named; variants that differ only in their requests share a process.
  ///
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for an unknown name; a peer that is not installed or
  ///   does not start is listed in ``absent``.
  public init(
    _ names: [String], task: PeerCatalogue.Task, catalogue: PeerCatalogue
  ) throws(ProfilingError) {
    for name in names {
      var started: [(arguments: [String], process: PeerProcess)] = []
      var problem: ProfilingError?
      for variant in try PeerCatalogue.variants(of: name, for: task) {
        do throws(ProfilingError) {
          let known = started.first { $0.arguments == variant.arguments }?.process
          if let known {
            runners.append(Runner(name: name, variant: variant, process: known))
            continue
          }
          let process = try PeerProcess(
            name: name, command: catalogue.command(variant, of: name) + variant.arguments,
            environment: variant.environment, hint: PeerCatalogue.hint)
          started.append((variant.arguments, process))
          runners.append(Runner(name: name, variant: variant, process: process))
        } catch { problem = error }
      }
      if started.isEmpty { absent.append((name, problem.map { "\($0)" } ?? "not installed")) }
    }
  }

  /// Puts every peer's best variant for a request into the race.
  ///
  /// Each variant does the work twice, the second time counts; the fastest takes part.
  ///
  /// - Returns: the contestants, the chosen variants' names, and the peers that could not do the work.
  func contestants(
    for request: [JSON.Member]
  ) -> (contestants: [TimingProtocol.Contestant], variants: [String: String], failures: [String: String]) {
    var contestants: [TimingProtocol.Contestant] = []
    var variants: [String: String] = [:]
    var failures: [String: String] = [:]
    var names: [String] = []
    for runner in runners where !names.contains(runner.name) { names.append(runner.name) }
    for name in names {
      var best: (seconds: Double, runner: Runner)?
      let choices = runners.filter { $0.name == name }
      for runner in choices {
        do {
          var seconds = try Self.turn(runner, request)
          if choices.count > 1 { seconds = try Self.turn(runner, request) }
          if best.map({ seconds < $0.seconds }) ?? true { best = (seconds, runner) }
        } catch { failures[name] = "\(error)" }
      }
      guard let runner = best?.runner else { continue }
      failures[name] = nil
      variants[name] = runner.variant.name
      contestants.append(TimingProtocol.Contestant(name) { try Self.turn(runner, request) })
    }
    return (contestants, variants, failures)
  }

  /// One answer of the peer `name` in its first configuration; `nil` where it takes no part.
  ///
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)``, ``ProfilingError/peerTimedOut(name:seconds:)``.
  public func answer(of name: String, to request: JSON) throws(ProfilingError) -> JSON? {
    try runners.first { $0.name == name }?.process.request(request)
  }

  private static func turn(_ runner: Runner, _ request: [JSON.Member]) throws(ProfilingError) -> Double {
    let answer = try runner.process.request(.object(request + runner.variant.request))
    guard let seconds = answer["seconds"]?.double, seconds > 0 else {
      throw .peerFailed(name: runner.name, problem: "an answer without seconds: \(answer.line.prefix(200))")
    }
    return seconds
  }
}
