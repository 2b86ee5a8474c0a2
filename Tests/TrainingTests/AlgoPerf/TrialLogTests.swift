import Foundation
import Testing
import Training

@Suite("AlgoPerf: logs") struct TrialLogTests {
  @Test("Lines are added, never changed; half a line at the end is passed over, a damaged one is named")
  func lines() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "trials-\(UUID().uuidString).jsonl").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = TrialLog(path: path)
    #expect(throws: DataError.self) { try log.records() }
    var records: [TrialRecord] = []
    for trial in 0..<3 {
      var record = TrialRecord(
        submission: "adamw", workload: "digits-mlp", study: 0, trial: trial, seed: 7, settings: ["rate": 0.001])
      record.seconds = trial == 1 ? nil : 0.25 * Double(trial + 1)
      records.append(record)
      let before = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
      try log.append(record)
      #expect(try Data(contentsOf: URL(filePath: path)).prefix(before.count) == before)
    }
    #expect(try log.records() == records)
    let whole = try Data(contentsOf: URL(filePath: path))
    try (whole + Data("{\"submission\":\"ad".utf8)).write(to: URL(filePath: path))
    #expect(try log.records() == records)
    try (Data("{}\n".utf8) + whole).write(to: URL(filePath: path))
    #expect { try log.records() } throws: { "\($0)".contains("line 1") }
  }
}
