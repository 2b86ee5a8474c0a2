import Formats
import Inference
import Models
import Profiling

/// Values of some of the engine's settings; the others are the engine's own.
public struct ServingSettings: Sendable, Hashable {
  /// The values, each as it is written.
  public private(set) var values: [ServingParameter: String] = [:]

  /// The engine's own settings.
  public init() {}

  /// Settings.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  public init(_ values: [ServingParameter: String]) throws(ProfilingError) {
    for (parameter, value) in values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try parameter.check(value)
    }
    self.values = values
  }

  /// Settings as ``json`` has them.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  public init(_ json: JSON) throws(ProfilingError) {
    guard let members = json.members else {
      throw .invalidSetting(field: "settings", problem: "an object is expected")
    }
    var values: [ServingParameter: String] = [:]
    for member in members {
      let parameter = try ServingParameter.named(member.key)
      values[parameter] = member.value.text ?? member.value.line
    }
    try self.init(values)
  }

  /// `{"batch": 8, "threads": 2}`.
  public var json: JSON {
    .object(
      ServingParameter.allCases.compactMap { parameter in
        values[parameter].map { JSON.Member(parameter.rawValue, Int($0).map { .integer($0) } ?? .string($0)) }
      })
  }

  /// `batch 8, threads 2`; the same settings have the same.
  public var text: String {
    let parts = ServingParameter.allCases.compactMap { parameter in
      values[parameter].map { "\(parameter.rawValue) \($0)" }
    }
    return parts.isEmpty ? "the engine's own" : parts.joined(separator: ", ")
  }

  /// These settings, and `other` where they say nothing.
  public func completed(by other: ServingSettings) -> ServingSettings {
    var all = self
    all.values.merge(other.values) { own, _ in own }
    return all
  }

  /// The number of a parameter.
  public func number(_ parameter: ServingParameter) -> Int? { values[parameter].flatMap { Int($0) } }

  /// What a profile can hold of it.
  public var engine: EngineSettings {
    EngineSettings(
      threads: number(.threads), compute: values[.compute].flatMap { ComputeMode(rawValue: $0) },
      cache: values[.cache].flatMap { CacheType(rawValue: $0) },
      stepTokens: number(.step).map { max($0, number(.batch) ?? 1) }, mixedPromptTokens: number(.chunk),
      lookup: number(.lookup))
  }

  /// The seconds of a step.
  public var stepSeconds: Double? { number(.stepMilliseconds).map { Double($0) / 1000 } }

  /// An engine's options with these settings, and no profile.
  public var options: EngineOptions {
    var options = EngineOptions(engine)
    options.maxRunning = number(.batch)
    if let stepSeconds { options.stepSeconds = stepSeconds }
    return options
  }
}
