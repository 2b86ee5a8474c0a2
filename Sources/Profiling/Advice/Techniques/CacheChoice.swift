import Inference
import Models

/// Keys and values in another type: fewer bytes to read at each step and to keep, or more digits.
public struct CacheChoice: Technique {
  /// `cache`.
  public let name = "cache"
  /// Traffic of decoding, and room.
  public let addresses = [
    Bottleneck(.decode, .memory), Bottleneck(.prefill, .capacity), Bottleneck(.decode, .capacity),
  ]

  /// The technique.
  public init() {}

  /// The types that are not in force, unless the model keeps no keys and values; none gives another's bits.
  public func advice(for subject: Subject) -> [Advice] {
    guard subject.model.stateBytesPerToken > 0 else { return [] }
    let current = subject.settings.cache ?? CacheType(for: subject.settings.compute ?? .fast)
    return CacheType.allCases.compactMap { type in
      if type == current { return nil }
      guard let gain = subject.predictedGain(EngineSettings(cache: type)) else { return nil }
      return Advice(
        technique: name, name: "cache \(type.rawValue)", addresses: addresses, isExact: false, predictedGain: gain
      ) { $0.cache = type }
    }
  }
}
