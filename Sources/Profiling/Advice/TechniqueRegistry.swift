import Inference

/// The techniques that take part in `optimize`: the engine's own, and those that a program adds.
public struct TechniqueRegistry: Sendable {
  /// The techniques, one of each name.
  public private(set) var techniques: [any Technique]

  /// A registry of given techniques.
  public init(_ techniques: [any Technique] = []) {
    self.techniques = []
    for technique in techniques { add(technique) }
  }

  /// The techniques of the engine.
  public static var builtIn: TechniqueRegistry {
    TechniqueRegistry([ThreadCount(), ComputeChoice(), CacheChoice(), ChunkSize(), LookupGuessing()])
  }

  /// Adds a technique; one of the same name gives way.
  public mutating func add(_ technique: any Technique) {
    techniques.removeAll { $0.name == technique.name }
    techniques.append(technique)
  }

  /// The names of the techniques that address a bottleneck.
  public func names(addressing bottleneck: Bottleneck) -> [String] {
    techniques.filter { $0.addresses.contains(bottleneck) }.map(\.name)
  }

  /// The extensions that the techniques need.
  public var extensions: [any EngineExtension] { techniques.compactMap(\.engineExtension) }

  /// What the techniques say about a subject, the largest predicted gain first; equal ones in the order of the techniques.
  ///
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for an advice without a finite prediction or one that
  ///   another technique's name is on; what a technique throws.
  public func advices(for subject: Subject) throws -> [Advice] {
    var all: [Advice] = []
    for technique in techniques {
      for advice in try technique.advice(for: subject) {
        guard advice.technique == technique.name else {
          throw ProfilingError.invalidSetting(
            field: technique.name, problem: "its advice '\(advice.name)' is that of '\(advice.technique)'")
        }
        guard advice.predictedGain.isFinite, advice.predictedGain > 0 else {
          throw ProfilingError.invalidSetting(
            field: technique.name, problem: "'\(advice.name)' predicts a gain of \(advice.predictedGain)")
        }
        all.append(advice)
      }
    }
    return all.enumerated().sorted { a, b in
      (-a.element.predictedGain, a.offset) < (-b.element.predictedGain, b.offset)
    }.map(\.element)
  }
}
