import NumericTypes

/// The mixtures of types that model files are known by: one type for most weights, and better ones for those that lose most.
public enum QuantizationRecipe: String, Sendable, CaseIterable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case q8_0 = "Q8_0"
  case q6_K = "Q6_K"
  case q5_K_M = "Q5_K_M"
  case q5_K_S = "Q5_K_S"
  case q5_1 = "Q5_1"
  case q5_0 = "Q5_0"
  case q4_K_M = "Q4_K_M"
  case q4_K_S = "Q4_K_S"
  case q4_1 = "Q4_1"
  case iq4_nl = "IQ4_NL"
  case q4_0 = "Q4_0"
  case iq4_xs = "IQ4_XS"
  case q3_K_L = "Q3_K_L"
  case q3_K_M = "Q3_K_M"
  case q3_K_S = "Q3_K_S"
  case q2_K = "Q2_K"

  /// The recipe of a name, in letters of either case; `Q4_K` is the medium one.
  public init?(name: String) {
    let name = name.uppercased()
    let medium = ["Q3_K", "Q4_K", "Q5_K"].contains(name) ? name + "_M" : name
    self.init(rawValue: medium)
  }

  /// The type that most weights get.
  public var dtype: DType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .q8_0: .q8_0
    case .q6_K: .q6_K
    case .q5_K_M, .q5_K_S: .q5_K
    case .q5_1: .q5_1
    case .q5_0: .q5_0
    case .q4_K_M, .q4_K_S: .q4_K
    case .q4_1: .q4_1
    case .iq4_nl: .iq4_nl
    case .q4_0: .q4_0
    case .iq4_xs: .iq4_xs
    case .q3_K_L, .q3_K_M, .q3_K_S: .q3_K
    case .q2_K: .q2_K
    }
  }

  /// The number that `general.file_type` gives to the recipe.
  public var fileType: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q2_K: 10
    case .q3_K_S: 11
    case .q3_K_M: 12
    case .q3_K_L: 13
    case .q4_K_S: 14
    case .q4_K_M: 15
    case .q5_K_S: 16
    case .q5_K_M: 17
    case .q6_K: 18
    case .iq4_nl: 25
    case .iq4_xs: 30
    case .bf16: 32
    }
  }

  /// The recipes next to it in size, the larger one first.
  public var neighbours: [QuantizationRecipe] {
    let all = Self.allCases
    guard let place = all.firstIndex(of: self) else { return [] }
    return [place - 1, place + 1].filter(all.indices.contains).map { all[$0] }
  }
}

extension DType {
  /// The type of a name as model files have it, in letters of either case.
  public init?(displayName: String) {
    let name = displayName.uppercased()
    guard let found = DType.allCases.first(where: { $0.displayName == name }) else { return nil }
    self = found
  }

  /// What rows become whose width is no multiple of 256, as the reference has it: a type of about the size with blocks of 32.
  var narrow: DType? {
    switch self {
    case .q2_K, .q3_K: .q4_0
    case .q4_K: .q5_0
    case .q5_K: .q5_1
    case .q6_K: .q8_0
    case .iq4_xs: .iq4_nl
    default: nil
    }
  }
}
