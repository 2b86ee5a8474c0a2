/// A room of the house that systems are at home in: a folder of `Sources`.
public enum SystemRoom: String, Sendable, Hashable, CaseIterable {
  case mixers, inference, compression, cluster, retrieval, planner, training, codeLab, evaluation, vision, science
  case robotics, interpretability

  /// The folder's name: `Mixers`.
  public var folder: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
