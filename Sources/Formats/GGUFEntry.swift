/// One metadata entry of a file.
public struct GGUFEntry: Sendable, Equatable {
  /// The key, such as `general.architecture`.
  public let key: String
  /// The value; arrays are decoded when asked for.
  public let value: GGUFValue
  /// Where the value begins in the file, in bytes.
  public let offset: Int

  /// Where an array's elements begin: after their type and count.
  var contentOffset: Int { offset + 12 }

  /// An entry from its parts; `offset` is 0 where no file has it.
  public init(key: String, value: GGUFValue, offset: Int = 0) {
    self.key = key
    self.value = value
    self.offset = offset
  }
}
