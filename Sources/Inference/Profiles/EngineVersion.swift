/// The engine's version.
public enum EngineVersion {
  /// The version of the package.
  public static let number = "0.1.0"
}
