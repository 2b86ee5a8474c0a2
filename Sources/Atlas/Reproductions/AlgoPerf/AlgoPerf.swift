import Catalogue
import Profiling
import Tensors
import Training
import Venturi

/// Benchmarking Neural Network Training Algorithms, 2023, arXiv 2306.07179: the protocol on eight small workloads.
public struct AlgoPerf: Reproduction {
  /// The sheet's number.
  public static let number = 76

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "submissions as programs on a pipe: they are Swift types",
    "label smoothing and dropout among what is tuned",
  ]

  /// The experiment.
  public init() {}

  /// The sizes of a run: the sheet's, or for `--quick` those of automatic tests.
  struct Sizes {
    var targetPoints: Int
    var targetSeeds: Int
    var studies: Int
    var points: Int
    var workloads: [String]

    init(quick: Bool) {
      (targetPoints, targetSeeds, studies, points) = quick ? (4, 3, 1, 5) : (40, 5, 3, 8)
      workloads =
        quick
        ? ["digits-mlp", "breast-cancer-mlp", "diabetes-regression"]
        : [
          "digits-mlp", "digits-cnn", "breast-cancer-mlp", "diabetes-regression", "mnist1d-convnet", "bible-lm",
          "molecules", "reversal",
        ]
    }
  }

  static let baselines = [
    BaselineSubmission.Method.adamw, .nadamw, .nesterov, .heavyBall,
  ].map { BaselineSubmission($0) }

  static func workloads(_ sizes: Sizes) -> [AlgoPerfWorkload] {
    AlgoPerfWorkload.small { try ModelHome().dataFolder(of: $0) }.filter { sizes.workloads.contains($0.name) }
  }
}
