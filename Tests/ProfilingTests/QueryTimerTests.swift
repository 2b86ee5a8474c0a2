import Inference
import Models
import Profiling
import Testing
import VenturiTesting

@Suite struct QueryTimerTests {
  @Test func answersHaveTheLengthThatWasAskedFor() throws {
    // It would end at once: the likeliest token is the one that ends generations.
    let model = ScriptedModel { _ in (0..<259).map { $0 == 257 ? 9 : 0 } }
    let timer = QueryTimer(model, longest: 30)
    let seconds = try timer.seconds(prompt: 12, output: 5)
    #expect(model.batches == [[12], [1], [1], [1], [1]])
    #expect(seconds.first >= 0 && seconds.rest >= 0)
    #expect(try timer.seconds(prompt: 30, output: 1).rest == 0)
    #expect(model.batches.count == 6)
  }

  @Test(arguments: [0, -1, 31]) func promptsWithoutTokensAreRefused(_ prompt: Int) throws {
    let timer = QueryTimer(ScriptedModel(), longest: 30)
    #expect(throws: ProfilingError.invalidSetting(field: "prompt", problem: "\(prompt) tokens of 30")) {
      try timer.seconds(prompt: prompt, output: 2)
    }
  }

  @Test func aContextThatIsTooShortIsTheModelsError() throws {
    let timer = QueryTimer(ScriptedModel(contextLength: 16), longest: 30)
    #expect(throws: ModelError.contextExceeded(limit: 16, requested: 22)) {
      try timer.seconds(prompt: 20, output: 2)
    }
  }
}

@Suite struct DiskProbeTests {
  @Test func filesGoAndComeBack() throws {
    let probe = try DiskProbe(bytes: (5 << 20) + 3)
    // Nothing has been written yet.
    #expect(throws: ProfilingError.self) { try probe.read() }
    #expect(try probe.write() > 0)
    #expect(try probe.read() > 0)
    #expect(try probe.write() > 0)
  }

  @Test(arguments: [0, -1, 1 << 41]) func sizesThatAreNoneAreRefused(_ bytes: Int) {
    #expect(throws: ProfilingError.invalidSetting(field: "bytes", problem: "\(bytes) lies outside 1…\(1 << 40)")) {
      _ = try DiskProbe(bytes: bytes)
    }
  }

  @Test func onlyFilesThatAreThereAreForgotten() throws {
    let folder = try TemporaryFolder()
    #expect(!DiskProbe.forget(folder.path + "/none"))
    try Files.writeAtomically(folder.path + "/some", [1, 2, 3])
    #expect(DiskProbe.forget(folder.path + "/some"))
    #expect(try Files.read(folder.path + "/some") == [1, 2, 3])
  }
}
