import Formats
import Models

extension EngineProfile {
  /// The most bytes of a profile's file.
  public static let maxBytes = 256 << 10
  private static let maxFigures = 1024
  private static let maxName = 1024
  private static let maxExtensionBytes = 64 << 10

  /// The profile that a file's bytes hold.
  ///
  /// - Parameters:
  ///   - bytes: the whole content.
  ///   - path: the file, for messages.
  /// - Throws: ``InferenceError/damagedProfile(path:field:problem:)`` naming the field; every number is bounded.
  public init(parsing bytes: [UInt8], path: String) throws(InferenceError) {
    let reader = Reader(path: path)
    if bytes.count > Self.maxBytes { throw reader.failure("size", "\(bytes.count) bytes, at most \(Self.maxBytes)") }
    let root: JSON
    do throws(JSONError) { root = try JSON(parsing: bytes) } catch { throw reader.failure("text", error.description) }
    guard root.members != nil else { throw reader.failure("text", "an object is expected") }
    guard try reader.text(root, "format", "format") == Self.format else {
      throw reader.failure("format", "'\(Self.format)' is expected")
    }
    settings = try reader.settings(root["settings"])
    goal = try reader.text(root, "goal", "goal")
    gain = try reader.number(root, "gain", "gain")
    let levers = try reader.elements(root, "levers", most: Self.maxFigures)
    var figures: [Figure] = []
    for (index, lever) in levers.enumerated() {
      let field = "levers[\(index)]"
      let measured = lever["measured"] ?? .null
      figures.append(
        Figure(
          name: try reader.text(lever, "name", "\(field).name"),
          predicted: try reader.number(lever, "predicted", "\(field).predicted"),
          measured: measured == .null ? nil : try reader.number(lever, "measured", "\(field).measured")))
    }
    self.figures = figures
    let place = root["machine"] ?? .null
    machine = MachineIdentity(
      processor: try reader.text(place, "processor", "machine.processor"),
      kernels: try reader.text(place, "kernels", "machine.kernels"),
      processors: try reader.integer(place, "processors", "machine.processors", 1...1_000_000))
    let file = root["model"] ?? .null
    model = ModelFingerprint(
      bytes: try reader.integer(file, "bytes", "model.bytes", 0...Int.max),
      digest: try reader.text(file, "digest", "model.digest"))
    version = try reader.text(root, "version", "version")
    self.path = path
  }

  /// Reads fields and says which is wrong.
  private struct Reader {
    let path: String

    func failure(_ field: String, _ problem: String) -> InferenceError {
      .damagedProfile(path: path, field: field, problem: problem)
    }

    func text(_ object: JSON, _ key: String, _ field: String) throws(InferenceError) -> String {
      guard let text = object[key]?.text else { throw failure(field, "a text is expected") }
      if text.utf8.count > maxName { throw failure(field, "\(text.utf8.count) bytes, at most \(maxName)") }
      return text
    }

    func number(_ object: JSON, _ key: String, _ field: String) throws(InferenceError) -> Double {
      guard let number = object[key]?.double, number.isFinite, number >= 0, number <= 1e9 else {
        throw failure(field, "a number from 0 to 10⁹ is expected")
      }
      return number
    }

    func integer(
      _ object: JSON, _ key: String, _ field: String, _ range: ClosedRange<Int>
    ) throws(InferenceError) -> Int {
      guard let number = object[key]?.int, range.contains(number) else {
        throw failure(field, "a whole number from \(range.lowerBound) to \(range.upperBound) is expected")
      }
      return number
    }

    func elements(_ object: JSON, _ key: String, most: Int) throws(InferenceError) -> [JSON] {
      guard let elements = object[key]?.elements else { throw failure(key, "a list is expected") }
      if elements.count > most { throw failure(key, "\(elements.count) elements, at most \(most)") }
      return elements
    }

    func settings(_ object: JSON?) throws(InferenceError) -> EngineSettings {
      guard let object, let members = object.members else { throw failure("settings", "an object is expected") }
      let known = EngineSettings.bounds.map(\.field) + ["compute", "cache", "extensions"]
      // An unknown setting is not passed over: what it was measured with would not be in force.
      if let other = members.first(where: { !known.contains($0.key) }) {
        throw failure("settings.\(other.key.prefix(100))", "no such setting")
      }
      var settings = EngineSettings()
      func bounded(_ key: String, _ range: ClosedRange<Int>) throws(InferenceError) -> Int? {
        object[key] == nil ? nil : try integer(object, key, "settings.\(key)", range)
      }
      var values: [String: Int] = [:]
      for (field, _, range) in EngineSettings.bounds { values[field] = try bounded(field, range) }
      settings.threads = values["threads"]
      settings.stepTokens = values["stepTokens"]
      settings.mixedPromptTokens = values["mixedPromptTokens"]
      settings.lookup = values["lookup"]
      settings.compute = try choice(object, "compute")
      settings.cache = try choice(object, "cache")
      settings.extensions = try extensions(object["extensions"])
      return settings
    }

    /// One of a setting's names; `nil` where it is not set.
    private func choice<Choice: RawRepresentable & CaseIterable>(
      _ object: JSON, _ key: String
    ) throws(InferenceError) -> Choice? where Choice.RawValue == String {
      guard let value = object[key] else { return nil }
      guard let choice = value.text.flatMap({ Choice(rawValue: $0) }) else {
        throw failure("settings.\(key)", "\(Choice.allCases.map(\.rawValue).joined(separator: " or ")) is expected")
      }
      return choice
    }

    private func extensions(_ object: JSON?) throws(InferenceError) -> [String: JSON] {
      guard let object else { return [:] }
      guard let members = object.members else { throw failure("settings.extensions", "an object is expected") }
      if members.count > EngineSettings.maxExtensions {
        throw failure("settings.extensions", "\(members.count) members, at most \(EngineSettings.maxExtensions)")
      }
      var found: [String: JSON] = [:]
      for member in members {
        let field = "settings.extensions.\(member.key.prefix(100))"
        if member.key.isEmpty || member.key.utf8.count > maxName { throw failure(field, "a name is expected") }
        if member.value.line.utf8.count > maxExtensionBytes {
          throw failure(field, "at most \(maxExtensionBytes) bytes")
        }
        if found.updateValue(member.value, forKey: member.key) != nil { throw failure(field, "named twice") }
      }
      return found
    }
  }
}
