/// Where a model of a catalogue is.
public enum ModelStatus: String, Sendable {
  /// It can be used at once.
  case loaded
  /// It is on its way.
  case loading
  /// It is loaded when it is asked for.
  case unloaded
  /// It could not be loaded.
  case failed
}
