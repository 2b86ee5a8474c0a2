/// Where an engine looks for the profile that `venturi optimize` wrote.
public enum ProfileSource: Sendable, Hashable {
  /// In the ``ModelHome``, else beside the model's file.
  case automatic
  /// Nowhere.
  case none
  /// In this file, which must be there.
  case path(String)
}
