import Costs

/// Which machines compute prompts and which tokens.
public enum SplitwiseDesign: String, Sendable, Hashable, Codable, CaseIterable {
  /// A100 for both, each machine doing both.
  case baselineA100 = "baseline-a100"
  /// H100 for both, each machine doing both.
  case baselineH100 = "baseline-h100"
  /// A100 for prompts, A100 for tokens.
  case aa
  /// H100 for prompts, H100 for tokens.
  case hh
  /// H100 for prompts, A100 for tokens.
  case ha
  /// H100 for prompts, H100 at less power for tokens.
  case hhCap = "hhcap"

  /// Whether prompts and tokens have machines of their own.
  public var isSplit: Bool { self != .baselineA100 && self != .baselineH100 }

  /// What computes prompts.
  public var prompts: SplitwiseProfile.Hardware { self == .baselineA100 || self == .aa ? .a100 : .h100 }

  /// What computes tokens.
  public var tokens: SplitwiseProfile.Hardware {
    switch self {
    case .baselineA100, .aa, .ha: .a100
    case .baselineH100, .hh: .h100
    case .hhCap: .h100Capped
    }
  }
}

extension SplitwiseProfile.Hardware {
  private static let simulator = "github.com/Mutinifni/splitwise-sim"

  /// US dollars an hour of a machine of eight.
  public var price: Figure {
    Figure(
      8 * (self == .a100 ? 2.21 : 4.76), source: Self.simulator + " notebooks/utils.py, 8 of its price of a device",
      date: "2023")
  }

  /// Watts of a machine of eight; capped machines draw 70 % of it.
  public var power: Figure {
    let value: Double =
      switch self {
      case .a100: 6500
      case .h100: 10200
      case .h100Capped: 7140
      }
    return Figure(value, source: Self.simulator + " configs/hardware_repo/skus, thermal design power", date: "2023")
  }

  /// Watts by which the paper compares clusters: an H100 machine draws 1.75 times what an A100 machine does, after the
  /// devices' 700 and 400 W.
  public var devicePower: Double {
    switch self {
    case .a100: 8 * 400
    case .h100: 8 * 700
    case .h100Capped: 8 * 700 * 0.7
    }
  }

  /// Bytes a second between machines: 200 or 400 Gbit/s for each of eight devices.
  var link: Double { self == .a100 ? 200e9 : 400e9 }

  /// Seconds of a layer-wise move that nothing hides.
  var rest: Double { self == .a100 ? 8e-3 : 5e-3 }
}
