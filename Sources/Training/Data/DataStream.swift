import Tensors

/// Which random numbers are for what: one seed serves a whole run, and no two uses of it see the same numbers.
enum DataStream: UInt64 {
  case order, augmentation, split, synthesis

  /// The generator for an epoch.
  func random(seed: UInt64, epoch: Int) -> Random {
    Random(seed: seed, stream: UInt64(truncatingIfNeeded: epoch) << 8 | rawValue)
  }
}
