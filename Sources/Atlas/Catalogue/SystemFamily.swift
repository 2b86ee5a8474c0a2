/// What kind of system a row is.
public enum SystemFamily: String, Sendable, Hashable, CaseIterable {
  case sequenceMixers, serving, planning, parallelTraining, learningMethods, codeAndEvaluation, vision
  case scienceAndRobotics, interpretability

  /// The family's heading.
  public var title: String {
    switch self {
    case .sequenceMixers: "Sequence mixers and attention"
    case .serving: "Serving and inference"
    case .planning: "Planning and scaling laws"
    case .parallelTraining: "Parallel and offloaded training"
    case .learningMethods: "Learning methods"
    case .codeAndEvaluation: "Compilers, code and evaluation"
    case .vision: "Vision and generative models"
    case .scienceAndRobotics: "Science and robotics"
    case .interpretability: "Interpretability: concept and information bottlenecks"
    }
  }

  /// Its rows.
  var entries: [SystemEntry] {
    switch self {
    case .sequenceMixers: SystemEntry.sequenceMixers
    case .serving: SystemEntry.serving
    case .planning: SystemEntry.planning
    case .parallelTraining: SystemEntry.parallelTraining
    case .learningMethods: SystemEntry.learningMethods
    case .codeAndEvaluation: SystemEntry.codeAndEvaluation
    case .vision: SystemEntry.vision
    case .scienceAndRobotics: SystemEntry.scienceAndRobotics
    case .interpretability: SystemEntry.interpretability
    }
  }
}
