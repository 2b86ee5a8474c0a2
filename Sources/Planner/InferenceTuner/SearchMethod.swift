/// How an ``InferenceTuner`` goes through a space.
public enum SearchMethod: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every point, in random order.
  case exhaustive
  /// Points at random, none twice.
  case random
  /// One parameter after the other, each at the best of its values beside the others' best so far; from a random point again
  /// when nothing gets better. How people tune by hand.
  case coordinate
  /// A tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl: Algorithms for Hyper-Parameter Optimization, 2011).
  case tpe
  /// Many points on a part of the work, the better half of them on twice as much (Jamieson, Talwalkar: Non-stochastic best arm
  /// identification, 2016).
  case halving
}
