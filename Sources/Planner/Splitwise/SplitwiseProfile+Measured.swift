extension SplitwiseProfile {
  /// Models that were measured.
  public enum Model: String, Sendable, Hashable, Codable, CaseIterable {
    /// Llama-2-70B over two devices.
    case llama70BOnTwo = "llama2-70b-tp2"
    /// Llama-2-70B over eight devices.
    case llama70B = "llama2-70b"
    /// BLOOM-176B over eight devices.
    case bloom176B = "bloom-176b"

    /// Bytes of keys and values of a token in 16 bits: 80 layers with 8 heads of 128, and 70 with all of 14,336.
    public var stateBytes: Double { self == .bloom176B ? 2 * 70 * 14336 * 2 : 2 * 80 * 8 * 128 * 2 }

    /// Bytes of weights, as the public simulator has them.
    public var weightBytes: Double { self == .bloom176B ? 329e9 : 135e9 }
  }

  /// Devices that were measured.
  public enum Hardware: String, Sendable, Hashable, Codable, CaseIterable {
    /// A100 with 80 GB.
    case a100
    /// H100 with 80 GB.
    case h100
    /// The same at most at half its power: prompts take 1.3 times as long, tokens as long as before.
    case h100Capped = "h100-capped"
  }

  /// What was measured of a model on a machine, 128 tokens to an answer.
  ///
  /// Medians of github.com/Mutinifni/splitwise-sim, data/perf_model.csv, 2023. Llama's rows of 64 prompts on two
  /// devices are left out: their memory was exhausted, and they are faster than those of 16.
  public static func measured(_ model: Model, on hardware: Hardware) -> SplitwiseProfile {
    var rows = Self.rows(model, hardware)
    if hardware == .h100Capped {
      for index in rows.indices { rows[index].promptMilliseconds *= 1.3 }
    }
    return SplitwiseProfile(checked: rows)
  }

  private static func rows(_ model: Model, _ hardware: Hardware) -> [Row] {
    switch (model, hardware) {
    case (.llama70BOnTwo, .a100):
      [
        Row(128, 1, 81.08, 53.68), Row(256, 1, 112.93, 54.1), Row(512, 1, 196.86, 54.86), Row(512, 2, 416.49, 59.92),
        Row(512, 4, 845.37, 60.52), Row(512, 8, 1596.83, 61.69), Row(512, 16, 3238.85, 65.46),
        Row(512, 32, 6632.63, 72.19), Row(1024, 1, 377.06, 54.77), Row(2048, 1, 688.05, 54.89),
        Row(4096, 1, 1485.35, 55.87), Row(8192, 1, 2990.18, 57.32),
      ]
    case (.llama70BOnTwo, _):
      [
        Row(128, 1, 48.33, 37.24), Row(256, 1, 51.85, 37.84), Row(512, 1, 83.83, 37), Row(512, 2, 155.84, 37.39),
        Row(512, 4, 299.82, 39.98), Row(512, 8, 606.02, 40.4), Row(512, 16, 1191.98, 41.97),
        Row(512, 32, 2397.77, 52.3), Row(1024, 1, 157.95, 37.39), Row(2048, 1, 310.32, 37.37),
        Row(4096, 1, 642.66, 37.54), Row(8192, 1, 1339.84, 37.8),
      ]
    case (.llama70B, .a100):
      [
        Row(128, 1, 65.35, 43.03), Row(256, 1, 66.76, 43.48), Row(512, 1, 94.31, 44.85), Row(512, 2, 165.94, 44.56),
        Row(512, 4, 292.28, 45.79), Row(512, 8, 767.62, 46.47), Row(512, 16, 2084.41, 50.44),
        Row(512, 32, 3524.54, 53.02), Row(512, 64, 7553.99, 71.61), Row(1024, 1, 154.46, 44.97),
        Row(2048, 1, 274.22, 45.44), Row(4096, 1, 661.22, 46.48), Row(8192, 1, 1549.82, 46.51),
      ]
    case (.llama70B, _):
      [
        Row(128, 1, 58.19, 29.87), Row(256, 1, 51.66, 28.27), Row(512, 1, 53.39, 29.76), Row(512, 2, 76.89, 30.26),
        Row(512, 4, 132.64, 31.79), Row(512, 8, 371.63, 32.5), Row(512, 16, 811.93, 34.17),
        Row(512, 32, 1551.73, 38.62), Row(512, 64, 2936.33, 50.16), Row(1024, 1, 77.91, 29.74),
        Row(2048, 1, 136.8, 31.05), Row(4096, 1, 390.29, 30.56), Row(8192, 1, 844.89, 31.41),
      ]
    case (.bloom176B, .a100):
      [
        Row(128, 1, 79.67, 47.61), Row(256, 1, 99.16, 47.71), Row(512, 1, 173.81, 48.76), Row(512, 2, 286.83, 49.99),
        Row(512, 4, 528.63, 51), Row(512, 8, 1322.18, 52.95), Row(512, 16, 3510.13, 57.34), Row(512, 32, 5782, 65.38),
        Row(512, 64, 11251.8, 96.58), Row(1024, 1, 289.19, 48.8), Row(2048, 1, 540.41, 49.36),
        Row(4096, 1, 1348.17, 50.2), Row(8192, 1, 3593.17, 51.3),
      ]
    case (.bloom176B, _):
      [
        Row(128, 1, 48.28, 35.74), Row(256, 1, 51.18, 36.15), Row(512, 1, 75.49, 36.11), Row(512, 2, 131.25, 36.91),
        Row(512, 4, 238.83, 38.06), Row(512, 8, 625.01, 38.14), Row(512, 16, 1313.26, 40.64),
        Row(512, 32, 2521.91, 45.84), Row(512, 64, 4996.45, 63.82), Row(1024, 1, 132.62, 35.48),
        Row(2048, 1, 253.11, 35.72), Row(4096, 1, 688.7, 36.94), Row(8192, 1, 1535.4, 37.44),
      ]
    }
  }
}
