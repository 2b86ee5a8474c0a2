import Inference
import Models
import Profiling

/// A setting of the engine that changes how fast it serves.
public enum ServingParameter: String, Sendable, Hashable, CaseIterable {
  /// Sequences at once.
  case batch
  /// Threads that compute.
  case threads
  /// The most prompt tokens of a step in which others get a token.
  case chunk
  /// The most tokens of a step; never less than the sequences.
  case step
  /// How long a step should last that several sequences share, in milliseconds.
  case stepMilliseconds = "step-ms"
  /// Tokens guessed ahead from earlier text.
  case lookup
  /// What keys and values are kept in.
  case cache
  /// How products are computed.
  case compute

  /// What a number may be; nothing for a parameter of words.
  var range: ClosedRange<Int>? {
    switch self {
    case .batch: 1...4096
    case .threads: 1...1024
    case .chunk, .step: 1...65536
    case .stepMilliseconds: 1...60_000
    case .lookup: 0...GenerationOptions.maxLookup
    case .cache, .compute: nil
    }
  }

  /// The words of a parameter without numbers.
  var words: [String] {
    switch self {
    case .cache: CacheType.allCases.map(\.rawValue)
    case .compute: ComputeMode.allCases.map(\.rawValue)
    default: []
    }
  }

  /// Whether it leaves every answer as it is, bit for bit.
  public var isExact: Bool { self != .cache && self != .compute }

  /// Settings that other engines have, and why there are none here.
  public static let absent: [(names: [String], reason: String)] = [
    (["ranks", "tp", "gpus", "devices"], "the engine computes in one process"),
    (["page", "page-size", "kv-page", "block-size"], "keys and values of a sequence lie in one piece"),
    (["scheduler", "batching"], "batching is always continuous; batch 1 answers one after the other"),
    (["weights", "weight-format", "quantization"], "a file has one format: tune each file"),
    (["tile", "tiles", "gemm"], "the kernels choose tiles by the shapes alone, for the sake of equal answers"),
    (["memory-fraction", "gpu-memory-utilization"], "memory for states grows as it is needed"),
  ]

  /// The parameter of a name.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``, which says why where other engines have it.
  public static func named(_ name: String) throws(ProfilingError) -> ServingParameter {
    if let found = ServingParameter(rawValue: name) { return found }
    if let known = absent.first(where: { $0.names.contains(name) }) {
      throw .invalidSetting(field: name, problem: "no setting of this engine: \(known.reason)")
    }
    throw .invalidSetting(
      field: name, problem: "no setting of this engine; there are \(allCases.map(\.rawValue).joined(separator: ", "))")
  }

  /// Checks a value.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  func check(_ value: String) throws(ProfilingError) {
    if let range {
      guard let number = Int(value), range.contains(number), String(number) == value else {
        throw .invalidSetting(
          field: rawValue, problem: "'\(value.prefix(40))' is no number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
    } else if !words.contains(value) {
      throw .invalidSetting(
        field: rawValue, problem: "'\(value.prefix(40))' is none of \(words.joined(separator: ", "))")
    }
  }
}
