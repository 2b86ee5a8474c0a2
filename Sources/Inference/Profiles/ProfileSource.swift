/// Where an engine looks for the profile that `venturi optimize` wrote.
public enum ProfileSource: Sendable, Hashable {
  /// Beside the model's file, else in the ``ModelHome``.
  case automatic
  /// Nowhere.
  case none
  /// In this file, which must be there.
  case path(String)
}
