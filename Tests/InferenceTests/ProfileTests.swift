import Foundation
import Testing
import Venturi
import VenturiTesting

/// The profile that `optimize` writes: its file, who counts over it, and what is not believed.
@Suite("Profiles") struct ProfileTests {
  private static let settings = EngineSettings(
    threads: 1, compute: .f32, stepTokens: 4, mixedPromptTokens: 3, lookup: 5,
    extensions: ["own": ["size": 3, "names": ["a", "b"]]])

  private static func profile(_ settings: EngineSettings = settings, model: ModelFingerprint) -> EngineProfile {
    EngineProfile(
      settings: settings, goal: "decode@2048", gain: 1.25,
      figures: [
        .init(name: "threads 1", predicted: 1.5, measured: 1.25),
        .init(name: "lookup 4", predicted: 0.75, measured: nil),
      ], model: model)
  }

  private static func model() throws -> (TemporaryFile, ModelFingerprint) {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    return (file, try ModelFingerprint(Checkpoint(path: file.path)))
  }

  @Test func aFileHoldsAllOfIt() throws {
    let (file, fingerprint) = try Self.model()
    defer { unlink(EngineProfile.path(beside: file.path)) }
    let profile = Self.profile(model: fingerprint)
    let path = try profile.write(for: file.path)
    #expect(path == file.path + ".profile.json")
    var read = try EngineProfile(parsing: Array(Data(contentsOf: URL(filePath: path))), path: path)
    #expect(read.path == path)
    read.path = nil
    #expect(read == profile)
    let left = try FileManager.default.contentsOfDirectory(atPath: URL(filePath: path).deletingLastPathComponent().path)
    #expect(!left.contains { $0.hasPrefix(URL(filePath: path).lastPathComponent + ".") }, "no temporary is left")
  }

  @Test func theProfileDecidesWhatIsLeftOpen() throws {
    let (file, fingerprint) = try Self.model()
    let path = EngineProfile.path(beside: file.path)
    defer { unlink(path) }
    #expect(try Engine.open(file.path).profile == nil)
    try Self.profile(EngineSettings(threads: 1, compute: .f32, stepTokens: 4, lookup: 5), model: fingerprint)
      .write(for: file.path)

    let engine = try Engine.open(file.path)
    #expect(engine.profile?.path == path && engine.notes.isEmpty)
    #expect(engine.options.threads == 1 && engine.options.compute == .f32 && engine.options.settings.lookup == 5)
    #expect(engine.options.stepTokens == 4 && engine.options.maxRunning == 4)
    #expect(engine.options.mixedPromptTokens == 128, "the default, where nobody says anything")

    let told = try Engine.open(file.path, options: EngineOptions(compute: .fast, threads: 2, maxRunning: 9))
    #expect(told.options.threads == 2 && told.options.compute == .fast, "what is said counts over the profile")
    #expect(told.options.stepTokens == 9 && told.options.maxRunning == 9)

    let alone = try Engine.open(file.path, options: EngineOptions(profile: .none))
    #expect(alone.profile == nil && alone.options.stepTokens == 512 && alone.options.compute == .fast)
    let named = try Engine.open(file.path, options: EngineOptions(profile: .path(path)))
    #expect(named.options.stepTokens == 4)
    #expect(throws: InferenceError.self) {
      try Engine.open(file.path, options: EngineOptions(profile: .path(path + ".absent")))
    }
  }

  @Test func theHomeKeepsWhatCannotStandBesideTheModel() throws {
    let (file, fingerprint) = try Self.model()
    let folder = try TemporaryFile([])
    let home = ModelHome(path: folder.path + ".home")
    defer { try? FileManager.default.removeItem(atPath: home.path) }
    let path = EngineProfile.path(in: home, model: file.path, fingerprint: fingerprint)
    try Self.profile(model: fingerprint).write(to: path)
    let checkpoint = try Checkpoint(path: file.path)
    #expect(try EngineProfile.find(.automatic, model: file.path, checkpoint: checkpoint, home: home).profile?.path == path)
    #expect(try EngineProfile.find(.none, model: file.path, checkpoint: checkpoint, home: home).profile == nil)
  }

  @Test func whatWasWrittenLastIsFound() throws {
    let (file, fingerprint) = try Self.model()
    let folder = try TemporaryFile([])
    let home = ModelHome(path: folder.path + ".home")
    let beside = EngineProfile.path(beside: file.path)
    defer {
      unlink(beside)
      try? FileManager.default.removeItem(atPath: home.path)
    }
    let checkpoint = try Checkpoint(path: file.path)
    func found() throws -> Int? {
      try EngineProfile.find(.automatic, model: file.path, checkpoint: checkpoint, home: home).profile?.settings.lookup
    }
    func profile(_ lookup: Int) -> EngineProfile { Self.profile(EngineSettings(lookup: lookup), model: fingerprint) }
    try profile(1).write(to: beside)
    #expect(try found() == 1)
    // One that could not be written over an older one beside the model.
    try profile(2).write(to: EngineProfile.path(in: home, model: file.path, fingerprint: fingerprint))
    #expect(try found() == 2)
    try profile(3).write(for: file.path, home: home)
    #expect(try found() == 3)
  }

  @Test(.timeLimit(.minutes(1))) func aPipeBesideTheModelIsNotWaitedFor() throws {
    let (file, fingerprint) = try Self.model()
    let path = EngineProfile.path(beside: file.path)
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let engine = try Engine.open(file.path)
    #expect(engine.profile == nil && engine.notes.contains { $0.contains("not a regular file") }, "\(engine.notes)")
    #expect(throws: InferenceError.system(operation: "write", path: path, code: ENXIO)) {
      try Self.profile(model: fingerprint).write(to: path)
    }
  }

  @Test func aDeviceIsWrittenToAndNotReplaced() throws {
    let (file, fingerprint) = try Self.model()
    let link = file.path + ".null"
    try #require(symlink("/dev/null", link) == 0)
    defer { unlink(link) }
    try Self.profile(model: fingerprint).write(to: link)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
  }

  @Test func anotherMachineOrModelIsPassedOver() throws {
    let (file, fingerprint) = try Self.model()
    let path = EngineProfile.path(beside: file.path)
    defer { unlink(path) }
    var strangers = [EngineProfile](repeating: Self.profile(model: fingerprint), count: 5)
    strangers[0].machine.processor += " of another kind"
    strangers[1].machine.processors += 1
    strangers[2].machine.kernels = "abacus"
    strangers[3].model.bytes += 1
    strangers[4].model.digest = String(repeating: "0", count: 64)
    for stranger in strangers {
      try stranger.write(to: path)
      let engine = try Engine.open(file.path)
      #expect(engine.profile == nil && engine.options.stepTokens == 512)
      #expect(engine.notes.count == 1 && engine.notes[0].contains(path), "\(engine.notes)")
    }
  }

  @Test func weightsOfTheSameSizeHaveAnotherFingerprint() throws {
    var bytes = TinyLlama.file(dtype: .q4_0)
    func fingerprint() -> ModelFingerprint { bytes.withUnsafeBytes { ModelFingerprint(of: $0) } }
    let before = fingerprint()
    #expect(before.bytes == bytes.count && before.digest.count == 64)
    for place in [0, 100, bytes.count - 1] {
      bytes[place] ^= 1
      #expect(fingerprint() != before, "byte \(place)")
      bytes[place] ^= 1
    }
    #expect(fingerprint() == before)
    for size in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, (64 << 10) + 2000, 300_000] {
      let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(content.withUnsafeBytes { ModelFingerprint(of: $0) }.bytes == size)
    }
  }

  /// A whole profile in which one text is replaced by another, and the field that the error must name.
  @Test(arguments: [
    ("\"threads\": 1,", "\"threads\": 0,", "settings.threads"),
    ("\"threads\": 1,", "\"threads\": 1e300,", "settings.threads"),
    ("\"threads\": 1,", "\"threads\": -9223372036854775808,", "settings.threads"),
    ("\"threads\": 1,", "\"threads\": 99999999999999999999999999,", "settings.threads"),
    ("\"threads\": 1,", "\"threads\": \"1\",", "settings.threads"),
    ("\"threads\": 1,", "\"threads\": null,", "settings.threads"),
    ("\"threads\": 1,", "\"thread\": 1,", "settings.thread"),
    ("\"f32\"", "\"f64\"", "settings.compute"), ("\"stepTokens\": 4", "\"stepTokens\": 65537", "settings.stepTokens"),
    ("\"mixedPromptTokens\": 3", "\"mixedPromptTokens\": 0.5", "settings.mixedPromptTokens"),
    ("\"lookup\": 5", "\"lookup\": 33", "settings.lookup"), ("\"own\": {", "\"\": {", "settings.extensions."),
    ("\"extensions\": {", "\"extensions\": {\"own\": 1, ", "settings.extensions.own"),
    ("\"gain\": 1.25", "\"gain\": 1e999", "gain"), ("\"gain\": 1.25", "\"gain\": -1", "gain"),
    ("\"predicted\": 1.5", "\"predicted\": []", "levers[0].predicted"),
    ("\"measured\": 1.25", "\"measured\": true", "levers[0].measured"), ("\"levers\": [", "\"lever\": [", "levers"),
    ("\"processors\": ", "\"processors\": -", "machine.processors"), ("\"bytes\": ", "\"bytes\": 1.5e", "model.bytes"),
    ("\"digest\": \"", "\"digest\": 3, \"x\": \"", "model.digest"),
    ("venturi-profile-1", "venturi-profile-2", "format"),
    ("\"goal\": \"decode@2048\"", "\"goal\": 7", "goal"), ("{", "[", "text"), ("}", "", "text"),
  ])
  func whatIsNoProfileIsRefused(_ old: String, _ new: String, _ field: String) throws {
    let (file, fingerprint) = try Self.model()
    let text = Self.profile(model: fingerprint).json.pretty
    guard let place = text.range(of: old) else {
      Issue.record("the profile has no \(old)")
      return
    }
    let path = EngineProfile.path(beside: file.path)
    defer { unlink(path) }
    try text.replacingCharacters(in: place, with: new).write(toFile: path, atomically: false, encoding: .utf8)
    let error = #expect(throws: InferenceError.self) { try Engine.open(file.path) }
    guard case .damagedProfile(path, let found, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // A number that no JSON reader takes may be refused as text.
    #expect(found == field || found == "text", "\(found)")
    #expect(try Engine.open(file.path, options: EngineOptions(profile: .none)).profile == nil)
  }

  @Test func sizeIsBounded() throws {
    let (file, fingerprint) = try Self.model()
    let path = EngineProfile.path(beside: file.path)
    defer { unlink(path) }
    var profile = Self.profile(model: fingerprint)
    profile.figures = (0..<2000).map { .init(name: "lever \($0)", predicted: 1, measured: nil) }
    #expect(throws: InferenceError.damagedProfile(path: path, field: "levers", problem: "2000 elements, at most 1024"))
    {
      try EngineProfile(parsing: Array(profile.json.line.utf8), path: path)
    }
    try Data(repeating: 0x20, count: 8 << 20).write(to: URL(filePath: path))
    let error = #expect(throws: InferenceError.self) { try Engine.open(file.path) }
    guard case .damagedProfile(_, "size", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func settingsAreValidated() {
    for settings in [
      EngineSettings(threads: 0), EngineSettings(stepTokens: 1 << 40), EngineSettings(lookup: -1),
      EngineSettings(extensions: Dictionary(uniqueKeysWithValues: (0..<33).map { ("\($0)", JSON.null) })),
    ] {
      #expect(throws: InferenceError.self) { try EngineOptions(settings).validate() }
    }
  }

  @Test func guessingAheadIsTheProfilesUnlessSaid() async throws {
    let profile = EngineProfile(
      settings: EngineSettings(lookup: 4), goal: "decode@0", gain: 2, model: ModelFingerprint(bytes: 0, digest: ""))
    let model = ScriptedModel { history in
      var logits = [Float](repeating: 0, count: 259)
      logits[history.count % 3] = 50
      return logits
    }
    let engine = try Engine(
      model: model, tokenizer: Fixtures.tokenizer(), template: Fixtures.template(), profile: profile)
    let options = GenerationOptions(maxTokens: 40, temperature: 0, ignoreEnd: true)
    let guessed = try await engine.generate("abc", options: options).completion()
    #expect(guessed.usage.acceptedTokens > 10)
    var without = options
    without.lookup = 0
    let plain = try await engine.generate("abc", options: without).completion()
    #expect(plain.usage.draftedTokens == 0 && plain.tokens == guessed.tokens)
  }

  /// Bans one token.
  private struct Banning: EngineExtension {
    let name = "banning"

    func extend(_ model: any LanguageModel, setting: JSON) throws -> any LanguageModel {
      guard let token = setting.int, (0..<model.description.vocabularySize).contains(token) else {
        throw InferenceError.invalidOption(field: "banning", value: setting.line, problem: "a token is expected")
      }
      return ScriptedModel { history in
        var logits = ScriptedModel.scramble(history, 259)
        logits[token] = -100
        return logits
      }
    }
  }

  @Test func extensionsTakeEffectWhereTheyAreNamed() throws {
    let model = ScriptedModel()
    func engine(_ setting: JSON, _ extensions: [any EngineExtension] = [Banning()]) throws -> Engine {
      try Engine(
        model: model, tokenizer: Fixtures.tokenizer(),
        options: EngineOptions(EngineSettings(extensions: ["banning": setting]), extensions: extensions))
    }
    #expect(try engine(7).model !== model)
    #expect(try Fixtures.engine(model, options: EngineOptions(extensions: [Banning()])).model === model)
    let unknown = try engine(7, [])
    #expect(unknown.model === model && unknown.notes.count == 1 && unknown.notes[0].contains("banning"))
    let error = #expect(throws: InferenceError.self) { try engine(["x": 1]) }
    guard case .extensionFailed("banning", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
