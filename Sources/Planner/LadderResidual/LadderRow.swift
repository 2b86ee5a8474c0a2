import Costs

/// A published speed of the 70-billion model on H100: 1024 tokens of a prompt and 512 of an answer for each sequence.
public struct LadderRow: Sendable, Hashable {
  /// What was run.
  public enum Wiring: String, Sendable, Hashable, CaseIterable {
    /// All-reduces between all blocks.
    case standard
    /// The ladder in all layers.
    case ladder
    /// Attention and feed-forward layer in one.
    case parallel
    /// Without communication.
    case silent = "upper bound"
  }

  /// Sequences.
  public let batch: Int
  /// Devices.
  public let devices: Int
  /// Whether devices write to each other's memory. Where they do not the sheet speaks of no NVLink; the scripts set
  /// `NCCL_P2P_DISABLE`, which leaves NVLink's switches to large messages.
  public let isDirect: Bool
  /// What was run.
  public let wiring: Wiring
  /// Tokens of answers a second, of all sequences, the prompts' time included.
  public let tokensPerSecond: Double

  /// Its place in tables.
  public var name: String {
    "\(wiring.rawValue), \(batch) × 1024 on \(devices)\(isDirect ? "" : ", not direct")"
  }

  /// Where the numbers were read.
  static let source = "github.com/mayank31398/ladder-residual-inference tools/plot-70b.py, scripts/throughput-70B.sh"

  /// All rows.
  public static let table: [LadderRow] = speeds.flatMap { batch, isDirect, wiring, speeds in
    speeds.sorted { $0.key < $1.key }.map { devices, speed in
      LadderRow(batch: batch, devices: devices, isDirect: isDirect, wiring: wiring, tokensPerSecond: speed)
    }
  }

  private static let speeds: [(Int, Bool, Wiring, [Int: Double])] = [
    (1, true, .standard, [2: 35.42, 4: 59.41, 8: 77.39]),
    (1, true, .ladder, [2: 36.69, 4: 67.51, 8: 101.22]),
    (1, true, .silent, [2: 38.24, 4: 69.04, 8: 110.59]),
    (1, true, .parallel, [2: 36.67, 4: 65.4, 8: 94.22]),
    (1, false, .standard, [2: 33.77, 4: 53.35, 8: 51.66]),
    (1, false, .ladder, [2: 36.94, 4: 66.6, 8: 82.59]),
    (1, false, .parallel, [2: 36.12, 4: 61.93, 8: 72.36]),
    (4, true, .standard, [2: 120.58, 4: 185.01, 8: 258.56]),
    (4, true, .ladder, [2: 126.09, 4: 204.3, 8: 331.45]),
    (4, true, .silent, [2: 130.77, 4: 213.73, 8: 355.8]),
    (4, true, .parallel, [2: 123.66, 4: 201.62, 8: 307.34]),
    (4, false, .standard, [2: 106.6, 4: 158.77, 8: 173.62]),
    (4, false, .ladder, [2: 125.55, 4: 204.24, 8: 271.82]),
    (4, false, .parallel, [2: 116.83, 4: 183.53, 8: 241.08]),
    (16, true, .standard, [4: 585.23, 8: 843.15]),
    (16, true, .ladder, [4: 635.98, 8: 1003.52]),
    (16, true, .silent, [4: 665.07, 8: 1109.65]),
    (16, true, .parallel, [4: 628.23, 8: 973.74]),
    (16, false, .standard, [4: 518.41, 8: 546.68]),
    (16, false, .ladder, [4: 598.71, 8: 738.56]),
    (16, false, .parallel, [4: 583.48, 8: 744.33]),
    (64, true, .standard, [4: 1249.67, 8: 1940.99]),
    (64, true, .ladder, [4: 1358.65, 8: 2242.1]),
    (64, true, .silent, [4: 1433.53, 8: 2474.49]),
    (64, true, .parallel, [4: 1311.54, 8: 2259.38]),
    (64, false, .standard, [4: 1199.62, 8: 1454.42]),
    (64, false, .ladder, [4: 1313.44, 8: 1864.05]),
    (64, false, .parallel, [4: 1276.66, 8: 1873.71]),
  ]
}
