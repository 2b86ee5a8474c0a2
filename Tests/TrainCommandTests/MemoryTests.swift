import ConfigurationFiles
import Console
import Formats
import Foundation
import Tensors
import Testing
import TrainCommand
import Training

@Suite("Memory of runs") struct MemoryTests {
  /// A run over a small table; `body` is given its configuration and a folder.
  private func withRun(_ set: [String] = [], _ body: (RunConfiguration, String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "venturi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let rows = (0..<40).map { "\($0 % 7),\($0 % 5),\($0 % 2 == 0 ? "even" : "odd")" }
    let table = folder.appending(path: "rows.csv").path
    try (["x,y,side"] + rows).joined(separator: "\n").write(toFile: table, atomically: true, encoding: .utf8)
    var json = try ConfigurationFile.parse(
      """
      model: {kind: mlp, hidden: [32]}
      data: {kind: csv, path: \(table), label: side, validation: 0.2}
      optimizer: {kind: adamw, rate: 1e-2}
      batch: 8
      steps: 3
      """, path: "run.yaml")
    for assignment in set { json = try json.setting(assignment) }
    try body(RunConfiguration(json), "\(folder.path)/run")
  }

  @Test("What a run needs is told first, and stands beside what it took") func told() throws {
    try withRun { configuration, folder in
      var needs: [TrainingNeed] = []
      var events = 0
      let plan = TrainingPlan(configuration, folder: folder, isResumed: false, context: Context(threads: 1))
      let outcome = try plan.run(isCancelled: { false }) { event in
        if case .need(let need) = event { needs.append(need) } else { events += 1 }
        #expect(needs.count == 1)
      }
      #expect(events > 3 && outcome.neededBytes == needs[0].total && needs[0].weights > 4 * 32 * 4)
      #expect(outcome.json["neededBytes"]?.int == needs[0].total)
    }
  }

  @Test(
    "What does not fit is refused before anything is made",
    arguments: [
      (["model.hidden=[65536, 65000]"], 1 << 30), (["batch=1048576", "model.hidden=[1048576]"], 1 << 30), ([], 1 << 10),
    ])
  func refused(_ set: [String], _ limit: Int) throws {
    try withRun(set) { configuration, folder in
      let plan = TrainingPlan(
        configuration, folder: folder, isResumed: false, memoryLimit: limit, context: Context(threads: 1))
      let error = try #require(throws: TrainingError.self) { try plan.run(isCancelled: { false }, tell: { _ in }) }
      guard case .doesNotFit(let needed, limit) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(needed > limit && !FileManager.default.fileExists(atPath: folder))
      #expect(CommandFailure(error).status == .unavailable)
    }
  }
}
