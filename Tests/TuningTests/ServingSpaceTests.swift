import Formats
import Inference
import Models
import NumericTypes
import Planner
import Profiling
import Testing
import Tuning

@Suite struct ServingSpaceTests {
  @Test func settingsBecomeOptions() throws {
    let settings = try ServingSettings([
      .batch: "64", .threads: "2", .chunk: "32", .step: "16", .stepMilliseconds: "40", .lookup: "4", .cache: "q8",
      .compute: "f32",
    ])
    let options = settings.options
    #expect(options.maxRunning == 64 && options.threads == 2 && options.mixedPromptTokens == 32)
    // A step has room for every sequence.
    #expect(options.stepTokens == 64 && options.stepSeconds == 0.04 && options.profile == .none)
    #expect(options.settings.lookup == 4 && options.cache == .q8 && options.compute == .f32)
    try options.validate()
    #expect(try ServingSettings(settings.json) == settings)
    #expect(settings.text.hasPrefix("batch 64, threads 2, chunk 32"))
    let part = try ServingSettings([.batch: "8"])
    #expect(part.completed(by: settings).number(.threads) == 2 && part.completed(by: settings).number(.batch) == 8)
    #expect(ServingSettings().options.maxRunning == nil && ServingSettings().text == "the engine's own")
  }

  @Test func theUsualSpaceIsOfWhatChangesNoAnswer() throws {
    let space = try ServingSpace.standard(processors: 2)
    #expect(space.dimensions.allSatisfy { $0.parameter.isExact } && space.parameters.count == 7 * 2 * 6 * 5 * 3)
    for point in try #require(space.parameters.points) { try space.settings(point).options.validate() }
    #expect(try ServingSpace.standard(processors: 6).dimensions[1].values == ["1", "2", "4", "6"])
    let near = space.point(nearest: try ServingSettings([.batch: "60", .threads: "2", .chunk: "128"]))
    #expect(space.settings(near).text.hasPrefix("batch 64, threads 2, chunk 128, step-ms 20"))
  }

  /// A setting that only other engines have is refused with the reason.
  @Test func whatTheEngineHasNotIsSaid() throws {
    for (names, reason) in ServingParameter.absent {
      for name in names {
        let error = #expect(throws: ProfilingError.self) {
          try ServingSpace(parsing: Array("{\"batch\": [1], \"\(name)\": [1, 2]}".utf8))
        }
        #expect(error.map { "\($0)".contains(reason) && "\($0)".contains(name) } == true)
      }
    }
    let text = #"{"threads": [2, 1], "cache": ["q8", "f16"], "batch": [16, 2, 8]}"#
    let space = try ServingSpace(parsing: Array(text.utf8))
    #expect(space.dimensions[0].values == ["1", "2"] && space.dimensions[2].values == ["2", "8", "16"])
    #expect(space.parameters.parameters[1].domain == .choice(2) && space.parameters.count == 12)
  }

  @Test(arguments: [
    "", "[]", "{}", "null", #"{"batch": 8}"#, #"{"batch": []}"#, #"{"batch": [1, 1]}"#, #"{"batch": [0]}"#,
    #"{"batch": [4097]}"#, #"{"batch": ["x"]}"#, #"{"batch": ["01"]}"#, #"{"batch": [1.5]}"#, #"{"cache": ["f64"]}"#,
    #"{"speed": [1]}"#, #"{"batch": [null]}"#, #"{"batch": [1], "batch": [2]}"#, #"{"threads": [1e99]}"#,
  ])
  func whatIsNoSpaceIsRefused(_ text: String) {
    #expect(throws: (any Error).self) { try ServingSpace(parsing: Array(text.utf8)) }
  }

  @Test func workloadsAreRead() throws {
    let text = """
      {"prompt": "Why?", "max_tokens": 8}

      {"prompt_tokens": 120, "output_tokens": 32, "arrival": 0.5}
      """
    let workload = try ServedWorkload(parsing: Array(text.utf8))
    #expect(workload.requests.count == 2 && workload.requests[0].prompt == "Why?")
    #expect(workload.requests[1].promptTokens == 120)
    #expect(workload.digest != ServedWorkload.standard(2).digest && workload.digest.count == 16)
    for (bad, line) in [
      ("", "no requests"), ("{}", "line 1"), ("{\"prompt\": \"\", \"output_tokens\": 1}", "line 1"),
      ("{\"prompt_tokens\": 0, \"output_tokens\": 1}", "prompt_tokens"), ("\n\n{\"prompt\": \"a\"}", "line 3"),
      ("{\"prompt_tokens\": 1, \"output_tokens\": 99999999}", "output_tokens"), ("{", "line 1"),
    ] {
      let error = #expect(throws: ProfilingError.self) { try ServedWorkload(parsing: Array(bad.utf8)) }
      #expect(error.map { "\($0)".contains(line) } == true, "\(bad)")
    }
    let many = String(repeating: "{\"prompt_tokens\": 1, \"output_tokens\": 1}\n", count: ServedWorkload.limit + 1)
    #expect(throws: ProfilingError.self) { try ServedWorkload(parsing: Array(many.utf8)) }
  }

  /// Parts are samples, the larger holds the smaller; the second sample is of the same kind and another.
  @Test func samplesAreOfTheSameKind() throws {
    let all = ServedWorkload.standard(32, seed: 3)
    #expect(all.requests.allSatisfy { (16...256).contains($0.promptTokens) && $0.outputTokens == 32 })
    let parts = [0.125, 0.25, 0.5, 1].map { all.part($0, seed: 1) }
    #expect(parts.map(\.requests.count) == [4, 8, 16, 32] && parts[3] == all)
    for (small, large) in zip(parts, parts.dropFirst()) {
      var rest = large.requests
      for request in small.requests {
        let index = try #require(rest.firstIndex(of: request))
        rest.remove(at: index)
      }
    }
    let second = all.secondSample(seed: 1)
    #expect(second != all && second == all.secondSample(seed: 1) && second != all.secondSample(seed: 2))
    #expect(Set(second.requests).isSubset(of: Set(all.requests)) && second.requests.count == 32)
    let words = ServedWorkload([ServedWorkload.Request(prompt: "one two three four five six", outputTokens: 1)])
    let other = try #require(words.secondSample(seed: 5).requests[0].prompt)
    #expect(other.split(separator: " ").sorted() == ["five", "four", "one", "six", "three", "two"])
  }

  /// What is written is read by `serve` and, as a profile, by every verb.
  @Test func tunedProfilesAreProfiles() throws {
    let settings = try ServingSettings([.batch: "16", .threads: "1", .stepMilliseconds: "160"])
    let model = ModelFingerprint(bytes: 5, digest: "abc")
    let tuned = TunedProfile(settings, gain: 1.25, goal: "serve", model: model)
    let bytes = Array(tuned.json(adding: [JSON.Member("tuning", ["trials": 3])]).pretty.utf8)
    var read = try TunedProfile(parsing: bytes, path: "best.json")
    read.profile.path = nil
    #expect(read == tuned && read.sequences == 16 && read.stepSeconds == 0.16)
    let profile = try EngineProfile(parsing: bytes, path: "best.json")
    #expect(profile.settings.threads == 1 && profile.model == model)
    #expect(profile.mismatch(machine: .current, model: model) == nil)
    var options = EngineOptions(threads: 2)
    tuned.complete(&options)
    #expect(options.threads == 2 && options.maxRunning == 16 && options.stepSeconds == 0.16)
    for (old, new) in [
      ("\"sequences\": 16", "\"sequences\": 0"), ("\"sequences\": 16", "\"sequences\": \"x\""),
      ("\"stepSeconds\": 0.16", "\"stepSeconds\": 1e9"), ("\"serving\"", "\"served\""),
      ("\"threads\": 1", "\"threads\": 0"),
    ] {
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(text.contains(old))
      #expect(throws: InferenceError.self) {
        try TunedProfile(parsing: Array(text.replacing(old, with: new).utf8), path: "best.json")
      }
    }
  }
}
