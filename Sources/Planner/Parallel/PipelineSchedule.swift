/// The order in which a pipeline's stages do their microbatches; all wait for each other before the optimizer's step.
public enum PipelineSchedule: String, Sendable, Hashable, Codable, CaseIterable {
  /// All forward, then all backward (Huang et al.: GPipe, 2019).
  case gpipe
  /// One forward, one backward in turns (Narayanan et al.: PipeDream, 2019).
  case oneForwardOneBackward = "1f1b"
  /// The same with several chunks of layers on each device (Narayanan et al., 2021).
  case interleaved

  /// Time that is waited as a part of the time that is worked: (p − 1) / (v · m).
  public static func bubble(stages: Int, chunks: Int, microbatches: Int) -> Double {
    Double(stages - 1) / (Double(chunks) * Double(microbatches))
  }

  /// Microbatches' activations that a device holds at once at most, in units of its whole share of layers.
  ///
  /// GPipe: m. One forward, one backward: p − r on rank r. Interleaved: one more than the warm-up's 2 (p − r − 1) + (v − 1) · p
  /// chunks, each a v-th of the share.
  public func liveSets(rank: Int, stages: Int, chunks: Int, microbatches: Int) -> Double {
    switch self {
    case .gpipe: return Double(microbatches)
    case .oneForwardOneBackward: return Double(min(microbatches, stages - rank))
    case .interleaved:
      let warmUp = min(microbatches * chunks, 2 * (stages - rank - 1) + (chunks - 1) * stages + 1)
      return Double(warmUp) / Double(chunks)
    }
  }
}
