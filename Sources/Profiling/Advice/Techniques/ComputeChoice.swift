import Inference
import Models

/// The other way of computing products: integer kernels on the file's weights, or everything in f32.
public struct ComputeChoice: Technique {
  /// `compute`.
  public let name = "compute"
  /// Arithmetic of prompts, traffic of decoding, and room.
  public let addresses = [
    Bottleneck(.prefill, .compute), Bottleneck(.decode, .memory), Bottleneck(.prefill, .capacity),
    Bottleneck(.decode, .capacity),
  ]

  /// The technique.
  public init() {}

  /// The modes that are not in force; neither gives the other's bits.
  public func advice(for subject: Subject) -> [Advice] {
    ComputeMode.allCases.compactMap { mode in
      if mode == subject.settings.compute { return nil }
      guard let gain = subject.predictedGain(EngineSettings(compute: mode)) else { return nil }
      return Advice(
        technique: name, name: "compute \(mode.rawValue)", addresses: addresses, isExact: false, predictedGain: gain
      ) { $0.compute = mode }
    }
  }
}
