import Planner
import Testing
import Tuning

@Suite struct ScheduledWorkTests {
  /// A second for every step, and what its rows take beside.
  private struct Steps: IterationTimes {
    var each = 1.0
    var perToken = 0.0

    func seconds(of batch: IterationBatch) -> Double {
      each + perToken * Double(batch.promptTokens + batch.sequences)
    }
  }

  private static func settings(_ sequences: Int, step: Int = 512, mixed: Int = 128, seconds: Double = 3600)
    -> ScheduledWork.Settings
  {
    var settings = ScheduledWork.Settings()
    (settings.sequences, settings.stepTokens, settings.mixedPromptTokens) = (sequences, step, mixed)
    settings.stepSeconds = seconds
    return settings
  }

  /// One at a time: the steps of each prompt, whose last gives the first token, and one for every further token.
  @Test func oneAtATimeTakesTheStepsOfEach() throws {
    let work = try ScheduledWork([
      ScheduledWork.Request(promptTokens: 100, outputTokens: 5),
      ScheduledWork.Request(promptTokens: 100, outputTokens: 1),
    ])
    // The first waits with another behind it: 64 units before anything is learnt, all of them its own.
    let seconds = try work.seconds(Self.settings(1), times: Steps())
    #expect(seconds == 2 + 4 + 1)
    #expect(try work.throughput(Self.settings(1), times: Steps()) == 6 / seconds)
  }

  /// All rows are computed once, whatever the settings: the rows' own time is the same, only the steps' number is not.
  @Test func allRowsAreComputedOnce() throws {
    let requests = (0..<20).map { ScheduledWork.Request(promptTokens: 10 + 13 * $0, outputTokens: 1 + $0 % 7) }
    let work = try ScheduledWork(requests, perDepth: 0.001)
    // The step that ends a prompt gives a token too.
    let rows = requests.reduce(0) { $0 + $1.promptTokens + $1.outputTokens - 1 }
    for sequences in [1, 2, 3, 8, 20, 64] {
      for (step, mixed, seconds) in [(512, 128, 3600.0), (64, 32, 3600), (512, 128, 0.01)] {
        let settings = Self.settings(sequences, step: step, mixed: mixed, seconds: seconds)
        let found = try work.seconds(settings, times: Steps(each: 1e-9, perToken: 1))
        #expect(abs(found - Double(rows)) < 1e-3, "\(sequences) at once, \(step), \(mixed), \(seconds)")
      }
    }
  }

  /// Steps that cost the same whatever is in them are fewer, the more sequences share them; and no fewer than the longest answer.
  @Test func sharedStepsAreFewer() throws {
    let requests = (0..<32).map { ScheduledWork.Request(promptTokens: 16 + $0, outputTokens: 32) }
    let work = try ScheduledWork(requests)
    let steps = try [1, 2, 4, 8, 16, 32, 64].map { try work.seconds(Self.settings($0), times: Steps()) }
    #expect(steps == steps.sorted(by: >) && steps[5] == steps[6] && steps[6] >= 32)
    #expect(steps[0] >= 32 * 32 && steps[5] < 60)
  }

  /// A short step lets fewer prompt tokens beside those that answer: more steps.
  @Test func prompsAreCutByChunkAndTime() throws {
    let requests = (0..<8).map { _ in ScheduledWork.Request(promptTokens: 400, outputTokens: 30) }
    let work = try ScheduledWork(requests)
    let times = Steps(each: 0.01, perToken: 0.001)
    let chunks = try [16, 32, 128, 512].map {
      try work.seconds(Self.settings(4, mixed: $0), times: times)
    }
    #expect(chunks == chunks.sorted(by: >) && chunks[0] > chunks[3])
    let short = try work.seconds(Self.settings(4, mixed: 512, seconds: 0.03), times: times)
    #expect(short > chunks[3])
  }

  @Test func whatIsNoWorkIsRefused() throws {
    #expect(throws: PlannerError.self) { try ScheduledWork([]) }
    for (prompt, output) in [(0, 1), (1, 0), (-1, 1), (.max, 1), (1, .max), (1 << 22, 1)] {
      #expect(throws: PlannerError.self) {
        try ScheduledWork([ScheduledWork.Request(promptTokens: prompt, outputTokens: output)])
      }
    }
    let work = try ScheduledWork([ScheduledWork.Request(promptTokens: 1, outputTokens: 1)])
    for settings in [
      Self.settings(0), Self.settings(600), Self.settings(1, mixed: 0), Self.settings(1, seconds: 0),
      Self.settings(.max, step: .max),
    ] {
      #expect(throws: PlannerError.self) { try work.seconds(settings, times: Steps()) }
    }
    #expect(throws: PlannerError.self) { try work.seconds(Self.settings(1), times: Steps(each: 0)) }
    #expect(throws: PlannerError.self) { try work.seconds(Self.settings(1), times: Steps(each: .nan)) }
  }
}
