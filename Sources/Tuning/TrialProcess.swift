import CVenturi
import Formats
import Inference
import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs trials, each in a process of its own, so that an engine that crashes or hangs takes nothing else with it.
///
/// The process says that it is ready, is given the trial as a line of JSON and answers with one. One that ends without an answer is
/// tried once more: what lacks memory does not always; one that does not answer in time is killed, and so is what it
/// left.
public struct TrialProcess: Sendable {
  /// The program's path and its arguments.
  public var command: [String]
  /// `NAME=VALUE` settings beside those of this process.
  public var environment: [String]

  /// Processes of a program.
  public init(command: [String], environment: [String] = []) {
    (self.command, self.environment) = (command, environment)
  }

  /// Processes of the server's program beside this one; nothing where it was not built.
  public static var installed: TrialProcess? {
    guard let path = Files.programPath else { return nil }
    let program = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex) + "/venturi-serve"
    return access(String(program), X_OK) == 0 ? TrialProcess(command: [String(program), "tune", "trial"]) : nil
  }

  /// Runs a trial, at most so many seconds long; whatever goes wrong is a result.
  public func run(_ trial: ServingTrial, timeout: Double) -> TrialResult {
    let begin = vt_monotonic_seconds()
    func since() -> Double { vt_monotonic_seconds() - begin }
    var reason = ""
    for _ in 0..<2 {
      do {
        let answer = try ask(trial.json, timeout: timeout)
        return TrialResult(answer)
          ?? .failed("it answered with what is no result: \(answer.line.prefix(200))", after: since())
      } catch .peerTimedOut(_, let seconds) {
        return .failed("killed: no answer within \(Int(seconds.rounded(.up))) s", after: since())
      } catch .peerFailed(_, let problem) {
        // What the engine refuses it refuses again.
        return .failed(problem, after: since())
      } catch .peerEnded(_, let words) {
        reason = "it ended" + (words.map { ": \($0)" } ?? "")
      } catch { return .failed("\(error)", after: since()) }
    }
    return .failed(reason, after: since())
  }

  /// What the process answers to a request.
  ///
  /// - Throws: ``/Profiling/ProfilingError``.
  func ask(_ request: JSON, timeout: Double) throws(ProfilingError) -> JSON {
    let process = try PeerProcess(
      name: "trial", command: command, environment: environment, hint: "build venturi-serve",
      startTimeout: min(timeout, 60))
    return try process.request(request, timeout: timeout)
  }
}
