import Formats
import Models

/// What can be set about an engine without changing what it is asked to do; `nil` leaves a value to whoever decides next.
///
/// Settings given explicitly count over those of a profile, and those over the defaults.
public struct EngineSettings: Sendable, Equatable {
  /// Threads that compute; by default one for each processor.
  public var threads: Int?
  /// How products are computed; ``/Models/ComputeMode/fast`` by default.
  public var compute: ComputeMode?
  /// What keys and values are kept in; f16 by default, f32 where all is computed in it.
  public var cache: CacheType?
  /// The most tokens of one step over all sessions; 512 by default.
  public var stepTokens: Int?
  /// The most prompt tokens of a step in which another generation gets a token; 128 by default.
  public var mixedPromptTokens: Int?
  /// The most tokens guessed ahead where a generation does not say; 0 by default.
  public var lookup: Int?
  /// Settings of extensions, by the extension's name (see ``EngineExtension``).
  public var extensions: [String: JSON]

  /// Settings from their parts.
  public init(
    threads: Int? = nil, compute: ComputeMode? = nil, cache: CacheType? = nil, stepTokens: Int? = nil,
    mixedPromptTokens: Int? = nil, lookup: Int? = nil, extensions: [String: JSON] = [:]
  ) {
    self.threads = threads
    self.compute = compute
    self.cache = cache
    self.stepTokens = stepTokens
    self.mixedPromptTokens = mixedPromptTokens
    self.lookup = lookup
    self.extensions = extensions
  }

  /// The defaults: what counts where nobody decides; the threads are left to the machine.
  public static let standard = EngineSettings(
    compute: .fast, stepTokens: EngineOptions.defaultStepTokens,
    mixedPromptTokens: EngineOptions.defaultMixedPromptTokens, lookup: 0)

  /// These settings, with those of `other` where they leave a value open.
  public func completed(by other: EngineSettings) -> EngineSettings {
    EngineSettings(
      threads: threads ?? other.threads, compute: compute ?? other.compute, cache: cache ?? other.cache,
      stepTokens: stepTokens ?? other.stepTokens,
      mixedPromptTokens: mixedPromptTokens ?? other.mixedPromptTokens, lookup: lookup ?? other.lookup,
      extensions: extensions.merging(other.extensions) { own, _ in own })
  }

  /// The values in which these settings differ from `other`.
  public func without(_ other: EngineSettings) -> EngineSettings {
    EngineSettings(
      threads: threads == other.threads ? nil : threads, compute: compute == other.compute ? nil : compute,
      cache: cache == other.cache ? nil : cache,
      stepTokens: stepTokens == other.stepTokens ? nil : stepTokens,
      mixedPromptTokens: mixedPromptTokens == other.mixedPromptTokens ? nil : mixedPromptTokens,
      lookup: lookup == other.lookup ? nil : lookup,
      extensions: extensions.filter { $0.value != other.extensions[$0.key] })
  }

  /// The bounds of every number, also for what comes from a file.
  static let bounds: [(field: String, path: KeyPath<EngineSettings, Int?> & Sendable, range: ClosedRange<Int>)] = [
    ("threads", \.threads, 1...1024), ("stepTokens", \.stepTokens, 1...65536),
    ("mixedPromptTokens", \.mixedPromptTokens, 1...65536), ("lookup", \.lookup, 0...GenerationOptions.maxLookup),
  ]
  /// The most extensions.
  static let maxExtensions = 32

  /// Checks every value.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``.
  public func validate() throws(InferenceError) {
    for (field, path, range) in Self.bounds {
      guard let value = self[keyPath: path], !range.contains(value) else { continue }
      throw .invalidOption(
        field: field, value: "\(value)", problem: "must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if extensions.count > Self.maxExtensions {
      throw .invalidOption(
        field: "extensions", value: "\(extensions.count) extensions", problem: "at most \(Self.maxExtensions)")
    }
  }

  /// The values that are set, by name; `{}` for none.
  public var json: JSON {
    var members: [JSON.Member] = []
    if let threads { members.append(JSON.Member("threads", .integer(threads))) }
    if let compute { members.append(JSON.Member("compute", .string(compute.rawValue))) }
    if let cache { members.append(JSON.Member("cache", .string(cache.rawValue))) }
    if let stepTokens { members.append(JSON.Member("stepTokens", .integer(stepTokens))) }
    if let mixedPromptTokens { members.append(JSON.Member("mixedPromptTokens", .integer(mixedPromptTokens))) }
    if let lookup { members.append(JSON.Member("lookup", .integer(lookup))) }
    if !extensions.isEmpty {
      let sorted = extensions.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
      members.append(JSON.Member("extensions", .object(sorted)))
    }
    return .object(members)
  }

  /// `threads 2, lookup 4`; empty for none.
  public var summary: String {
    var parts: [String] = []
    for (field, path, _) in Self.bounds { if let value = self[keyPath: path] { parts.append("\(field) \(value)") } }
    if let compute { parts.append("compute \(compute.rawValue)") }
    if let cache { parts.append("cache \(cache.rawValue)") }
    return (parts + extensions.keys.sorted()).joined(separator: ", ")
  }
}
