import Costs
import Planner
import Plots
import Tensors
import Training

/// Elucidating the Design Space of FP4 training, 2025, arXiv 2509.17791.
///
/// Four small tasks are learned in f32 and by recipes of 4-bit products; a recipe's loss beyond that of f32 stands beside what it
/// costs. A simulation: convergence, not speed.
public struct FP4Training: Reproduction {
  /// The sheet's number.
  public static let number = 62

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "a sweep over all combinations of a grid from a file: the recipes here are chosen ones",
    "optimizer variants with gradient-norm control other than clipping",
  ]

  /// The experiment.
  public init() {}

  /// A recipe with its name; nothing is f32.
  struct Named {
    let name: String
    let recipe: FP4Recipe?

    init(_ name: String, _ recipe: FP4Recipe?) {
      self.name = name
      self.recipe = recipe
    }
  }

  static let f32 = Named("f32", nil)
  static let plain = Named("MXFP4, nearest", .plain)
  private static let ue5m3 = FP4Format(scale: .ue5m3, block: 16)
  static let ue5m3Plain = Named("UE5M3, nearest", FP4Recipe(ue5m3))
  static let e4m3Plain = Named("E4M3 without a tensor scale, nearest", FP4Recipe(FP4Format(scale: .e4m3, block: 16)))
  static let ue5m3Stochastic = Named(
    "UE5M3, gradients by chance", FP4Recipe(ue5m3, gradients: .stochastic))
  static let stochastic = Named("MXFP4, gradients by chance", FP4Recipe(.mxfp4, gradients: .stochastic))
  static let all = Named(
    "NVFP4, Hadamard, gradients by chance", FP4Recipe(.nvfp4, gradients: .stochastic, turned: .all))
  static let ue5m3All = Named(
    "UE5M3, Hadamard, gradients by chance", FP4Recipe(ue5m3, gradients: .stochastic, turned: .all))
  static let backwardTurned = Named(
    "NVFP4, Hadamard on the way back, gradients by chance",
    FP4Recipe(.nvfp4, gradients: .stochastic, turned: [.inputGradient, .weightGradient]))

  /// What stands beside f32: few recipes in a quick run.
  static func recipes(_ conditions: RunConditions) -> [Named] {
    let least = [plain, stochastic, e4m3Plain, ue5m3Plain, ue5m3Stochastic, all, backwardTurned]
    if conditions.quick { return least }
    var nvfp4 = FP4Format.nvfp4
    nvfp4.scaleRounding = .up
    return least + [
      ue5m3All, Named("NVFP4, nearest", FP4Recipe(.nvfp4)),
      Named("NVFP4, scales up, gradients by chance", FP4Recipe(nvfp4, gradients: .stochastic)),
      Named(
        "all by chance", FP4Recipe(.nvfp4, activations: .stochastic, weights: .stochastic, gradients: .stochastic)),
      Named(
        "NVFP4, gradients by chance, power estimator",
        FP4Recipe(.nvfp4, gradients: .stochastic, gradient: FP4Gradient(.power(exponent: 5, cap: 3)))),
      Named(
        "NVFP4, gradients by chance, spline and scale gradient",
        FP4Recipe(.nvfp4, gradients: .stochastic, gradient: FP4Gradient(.spline, scale: .straightThrough))),
      Named(
        "NVFP4, gradients by chance, outliers beside", FP4Recipe(.nvfp4, gradients: .stochastic, outliers: 0.005)),
    ]
  }
}
