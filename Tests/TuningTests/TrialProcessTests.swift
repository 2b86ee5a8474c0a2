import Formats
import Foundation
import Inference
import Planner
import Profiling
import Testing
import Tuning

/// Children that do what engines should not, written as shell scripts.
@Suite struct TrialProcessTests {
  /// A folder of its own.
  final class Place {
    let path = FileManager.default.temporaryDirectory.appending(path: "venturi-tuning-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A model's file as far as a bench looks at it: a name and nothing else in it.
    func model() throws -> String {
      func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
      var bytes: [UInt8] = Array("GGUF".utf8) + [3, 0, 0, 0] + zeros(8) + [1] + zeros(7)
      func text(_ text: String) -> [UInt8] {
        let count = UInt64(text.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) } + Array(text.utf8)
      }
      bytes += text("general.architecture") + [8, 0, 0, 0] + text("llama")
      bytes += [UInt8](repeating: 0, count: 64 - bytes.count % 32)
      let file = "\(path)/model.gguf"
      try Data(bytes).write(to: URL(filePath: file))
      return file
    }
  }

  /// A child that runs `script` once it has said that it is ready.
  private static func child(_ script: String) -> TrialProcess {
    TrialProcess(command: ["/bin/sh", "-c", "echo '{\"ready\":true}'\nread -r line\n\(script)\n"])
  }

  private static let trial = ServingTrial(
    model: "none", settings: ServingSettings(), workload: .standard(4), seed: 0)
  /// The answer of an engine whose throughput is that of the script's `rate`.
  private static let answer =
    "echo '{\"tokensPerSecond\":'$rate',\"seconds\":1,\"latency95\":0.5,\"peakBytes\":1000,\"steps\":3,\"preemptions\":0}'"

  @Test func anAnswerIsTaken() throws {
    let result = Self.child("rate=12.5; \(Self.answer)").run(Self.trial, timeout: 20)
    #expect(result.tokensPerSecond == 12.5 && result.failure == nil && result.latency95 == 0.5)
  }

  /// One that crashes is tried once more and no more than that.
  @Test func aCrashIsTriedTwice() throws {
    let place = try Place()
    let result = Self.child("echo x >>\(place.path)/tries; kill -SEGV $$").run(Self.trial, timeout: 20)
    #expect(result.tokensPerSecond == 0 && result.failure?.hasPrefix("it ended") == true)
    #expect(try String(contentsOfFile: "\(place.path)/tries", encoding: .utf8) == "x\nx\n")
    // The second time it works.
    let once = "\(place.path)/once"
    let second = "if [ -e \(once) ]; then rate=7; \(Self.answer); else touch \(once); kill -9 $$; fi"
    #expect(Self.child(second).run(Self.trial, timeout: 20).tokensPerSecond == 7)
  }

  /// One that hangs is killed; nothing of it is left.
  @Test func aHangIsKilled() throws {
    let place = try Place()
    let result = Self.child("echo $$ >\(place.path)/id; trap '' TERM; while :; do sleep 1; done").run(
      Self.trial, timeout: 1)
    #expect(result.tokensPerSecond == 0 && result.failure?.hasPrefix("killed") == true)
    let text = try String(contentsOfFile: "\(place.path)/id", encoding: .utf8)
    let id = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(id, 0) == -1 && errno == ESRCH, "process \(id) is still there")
  }

  @Test(arguments: [
    "echo '{\"error\":\"batch: must be less\"}'", "echo '{}'", "echo nonsense", "echo '{\"tokensPerSecond\":-1}'",
  ])
  func whatIsNoResultIsAFailure(_ script: String) throws {
    let result = Self.child(script).run(Self.trial, timeout: 20)
    #expect(result.tokensPerSecond == 0 && result.failure != nil)
  }

  @Test func aProgramThatIsNotThereIsAFailure() {
    let result = TrialProcess(command: ["/no/such/program"]).run(Self.trial, timeout: 5)
    #expect(result.failure?.contains("not installed") == true)
  }

  /// A search goes on beside settings that crash and settings that hang, and finds the best of the others; again it measures nothing.
  @Test func aSearchGoesOnBesideWhatFails() throws {
    let place = try Place()
    let script = """
      echo "$line" >>\(place.path)/log
      case $line in
        *'"batch":4'*) kill -SEGV $$;;
        *'"batch":8'*) exec sleep 60;;
        *'"batch":16'*'"threads":2'*) rate=900;;
        *'"batch":'*) rate=100;;
        *) rate=200;;
      esac
      \(Self.answer)
      """
    let space = try ServingSpace([
      ServingSpace.Dimension(.batch, ["1", "4", "8", "16"]), ServingSpace.Dimension(.threads, ["1", "2"]),
    ])
    func run() throws -> (TuningRun, ServingBench) {
      var options = ServingBench.Options()
      options.timeout = 1
      let child = try String(contentsOfFile: "\(place.path)/child.sh", encoding: .utf8)
      #expect(!child.isEmpty)
      let bench = try ServingBench(
        model: try place.model(), workload: .standard(4),
        process: TrialProcess(command: ["/bin/sh", "\(place.path)/child.sh"]),
        store: try CellStore(path: "\(place.path)/store.json"), options: options)
      var search = TuningRun.Options()
      search.method = .exhaustive
      return (try TuningRun(on: bench, space: space, options: search), bench)
    }
    try "echo '{\"ready\":true}'\nread -r line\n\(script)\n".write(
      toFile: "\(place.path)/child.sh", atomically: true, encoding: .utf8)
    let (first, bench) = try run()
    #expect(first.trials.count == 8 && first.trials.count { $0.value == 0 } == 4)
    #expect(first.best.text == "batch 16, threads 2" && first.bestValue == 900 && first.gain == 4.5)
    #expect(first.own.tokensPerSecond == 200 && first.mostInfluential?.parameter == .batch)
    // The engine's own settings, eight trials, and three turns of both on the second sample.
    #expect(bench.measured == 1 + 8 + 6)
    let problems = Set(first.trials.compactMap(\.problem).map { $0.prefix(6) })
    #expect(problems == ["it end", "killed"])
    let (again, kept) = try run()
    #expect(kept.measured == 0 && again.trials.map(\.value) == first.trials.map(\.value) && again.best == first.best)
  }

  /// Limits make failures of what exceeds them.
  @Test func limitsCount() throws {
    let result = Self.child("rate=10; \(Self.answer)").run(Self.trial, timeout: 20)
    #expect(TrialLimits().value(result) == 10 && TrialLimits(latency95: 0.5, bytes: 1000).value(result) == 10)
    #expect(TrialLimits(latency95: 0.4).value(result) == 0 && TrialLimits(bytes: 999).problem(result) != nil)
  }
}
