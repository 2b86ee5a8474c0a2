#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a factor of operations is shared by depth, width and resolution.
///
/// With the exponents e_d + e_w + e_r = 1 a net gets d·s^e_d, w·s^(e_w/2) and r·s^(e_r/2): operations grow with d·w²·r².
public struct ScalingStrategy: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// e_d.
  public var depth: Double
  /// e_w.
  public var width: Double
  /// e_r.
  public var resolution: Double

  private init(_ name: String, depth: Double, width: Double, resolution: Double) {
    self.name = name
    self.depth = depth
    self.width = width
    self.resolution = resolution
  }

  /// The fast family: the part α of the factor goes to the width, half of the rest to depth and resolution each.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a part outside 0…1.
  public static func fast(alpha: Double) throws(PlannerError) -> ScalingStrategy {
    guard alpha >= 0, alpha <= 1 else { throw .invalid(field: "alpha", problem: "\(alpha) lies outside 0…1") }
    return ScalingStrategy("fast \(alpha)", depth: (1 - alpha) / 2, width: alpha, resolution: (1 - alpha) / 2)
  }

  /// Depth alone.
  public static let d = ScalingStrategy("d", depth: 1, width: 0, resolution: 0)
  /// Width alone.
  public static let w = ScalingStrategy("w", depth: 0, width: 1, resolution: 0)
  /// Resolution alone.
  public static let r = ScalingStrategy("r", depth: 0, width: 0, resolution: 1)
  /// Depth and width.
  public static let dw = ScalingStrategy("dw", depth: 0.5, width: 0.5, resolution: 0)
  /// Depth and resolution.
  public static let dr = ScalingStrategy("dr", depth: 0.5, width: 0, resolution: 0.5)
  /// Width and resolution.
  public static let wr = ScalingStrategy("wr", depth: 0, width: 0.5, resolution: 0.5)
  /// All three alike: compound scaling.
  public static let dwr = ScalingStrategy("dwr", depth: 1.0 / 3, width: 1.0 / 3, resolution: 1.0 / 3)
  /// The paper's choice, α = 0.8.
  public static let dWr = ScalingStrategy("dWr", depth: 0.1, width: 0.8, resolution: 0.1)

  /// Those that have names.
  public static let named: [ScalingStrategy] = [.d, .w, .r, .dw, .dr, .wr, .dwr, .dWr]

  /// The strategy with this name, or `fast:ALPHA`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a name that is none.
  public init(_ name: String) throws(PlannerError) {
    if let known = Self.named.first(where: { $0.name == name }) {
      self = known
      return
    }
    if name.hasPrefix("fast:"), let alpha = Double(name.dropFirst(5)) {
      self = try .fast(alpha: alpha)
      return
    }
    throw .invalid(
      field: "strategy",
      problem: "'\(name)' is none of \(Self.named.map(\.name).joined(separator: ", ")), fast:ALPHA")
  }

  /// The factors of depth, width and resolution.
  func factors(_ scale: Double) -> (depth: Double, width: Double, resolution: Double) {
    (pow(scale, depth), pow(scale, width / 2), pow(scale, resolution / 2))
  }

  /// The exponent with which weights grow, for nets without grouped convolutions: d·w².
  public var parameterExponent: Double { depth + width }
  /// The exponent with which activations grow: d·w·r².
  public var activationExponent: Double { depth + width / 2 + resolution }
}
