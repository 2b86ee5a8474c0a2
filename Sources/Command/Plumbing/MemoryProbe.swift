import Profiling
import Venturi

/// Measures what a process of this program holds at most while it answers a long prompt with given settings.
struct MemoryProbe: Sendable {
  /// The model's file.
  let model: String
  /// Asked while a process runs; `true` ends it.
  let isInterrupted: @Sendable () -> Bool

  /// The peak of resident bytes.
  ///
  /// - Throws: ``CommandFailure`` when the process fails; `InferenceError` when it cannot be started; `CancellationError`.
  func measure(_ settings: EngineSettings) throws -> Int {
    let folder = try TemporaryPlace()
    // Its paths alone would not keep it.
    defer { withExtendedLifetime(folder) {} }
    let (prompt, log) = ("\(folder.path)/prompt", "\(folder.path)/log")
    try writeFileAtomically(prompt, Array(SampleText.prose.utf8))
    var arguments = [
      Files.programPath ?? "venturi", "run", "--json", "--raw", "--ignore-eos", "--temp", "0", "-n", "8",
      "--no-profile", "-m", model, "-f", prompt,
    ]
    if let threads = settings.threads { arguments += ["-t", "\(threads)"] }
    if let stepTokens = settings.stepTokens { arguments += ["-b", "\(stepTokens)"] }
    if let compute = settings.compute { arguments += ["--compute", compute.rawValue] }
    if let cache = settings.cache { arguments += ["--cache-type", cache.rawValue] }
    if let lookup = settings.lookup { arguments += ["--lookup", "\(lookup)"] }
    let status = try Subprocess.run(arguments, log: log, whileRunning: { !isInterrupted() })
    // A terminal interrupts the process too.
    if isInterrupted() { throw CancellationError() }
    // Notes may stand before the answer, which is the last line.
    let text = String(decoding: try readWholeFile(log), as: UTF8.self)
    let answer = text.split(separator: "\n").last { $0.hasPrefix("{") }.flatMap { try? JSON(parsing: $0) }
    guard status == 0, let bytes = answer?["timings"]?["peakBytes"]?.int else {
      let message = answer?["error"]?["message"]?.text ?? "a run of its own failed with code \(status)"
      throw CommandFailure(status: .failure, kind: "failure", message: message)
    }
    return bytes
  }
}
