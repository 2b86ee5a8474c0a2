/// What data-parallel devices divide between them (Rajbhandari et al.: ZeRO, 2020).
public enum StateSharding: Int, Sendable, Hashable, Codable, CaseIterable {
  /// Nothing.
  case none
  /// The optimizer's state.
  case optimizer
  /// Gradients too.
  case gradients
  /// Weights too.
  case weights
}
