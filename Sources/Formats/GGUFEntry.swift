/// One metadata entry of a file.
public struct GGUFEntry: Sendable, Equatable {
  /// The key, such as `general.architecture`.
  public let key: String
  /// The value; arrays are decoded when asked for.
  public let value: GGUFValue
  /// Where the value begins in the file, in bytes.
  public let offset: Int
}
