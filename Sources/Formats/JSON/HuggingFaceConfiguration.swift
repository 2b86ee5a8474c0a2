/// Typed access to a `config.json` or `adapter_config.json`, or to an object in it. Errors name the file and the key.
public struct HuggingFaceConfiguration: Sendable {
  /// The object's members.
  public let json: JSON
  /// What stands before a key in an error: the file's name, and the objects on the way.
  public let place: String

  /// The object `json`, known as `place` in errors.
  public init(_ json: JSON, place: String) {
    self.json = json
    self.place = place
  }

  /// The value of `key`; nothing when there is none, or when it is `null`.
  public subscript(key: String) -> JSON? { json[key].flatMap { $0 == .null ? nil : $0 } }

  private func required(_ key: String) throws(FormatError) -> JSON {
    guard let value = self[key] else { throw .missingKey(field: field(key)) }
    return value
  }

  /// What errors call `key`.
  public func field(_ key: String) -> String { "\(place): \(key)" }

  /// An error that says what `key` should have been.
  public func invalid(_ key: String, _ expected: String) -> FormatError {
    .invalidValue(field: field(key), offset: 0, value: self[key]?.line ?? "null", expected: expected)
  }

  /// The whole number of `key`, in `range`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``,
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func int(_ key: String, in range: ClosedRange<Int>) throws(FormatError) -> Int {
    guard let value = try required(key).int, range.contains(value) else {
      throw invalid(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The whole number of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func intIfPresent(_ key: String, in range: ClosedRange<Int>) throws(FormatError) -> Int? {
    self[key] == nil ? nil : try int(key, in: range)
  }

  /// The number of `key`, in `range`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``,
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func double(_ key: String, in range: ClosedRange<Double>) throws(FormatError) -> Double {
    guard let value = try required(key).double, range.contains(value) else {
      throw invalid(key, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The number of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func doubleIfPresent(_ key: String, in range: ClosedRange<Double>) throws(FormatError) -> Double? {
    self[key] == nil ? nil : try double(key, in: range)
  }

  /// The truth of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func boolIfPresent(_ key: String) throws(FormatError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let truth) = value else { throw invalid(key, "true or false") }
    return truth
  }

  /// The text of `key`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``,
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func string(_ key: String) throws(FormatError) -> String {
    guard let text = try required(key).text else { throw invalid(key, "a string") }
    return text
  }

  /// The text of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func stringIfPresent(_ key: String) throws(FormatError) -> String? {
    self[key] == nil ? nil : try string(key)
  }

  /// The object of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func objectIfPresent(_ key: String) throws(FormatError) -> HuggingFaceConfiguration? {
    guard let value = self[key] else { return nil }
    guard value.members != nil else { throw invalid(key, "an object") }
    return HuggingFaceConfiguration(value, place: field(key))
  }

  /// The elements of the list of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func listIfPresent(_ key: String) throws(FormatError) -> [JSON]? {
    guard let value = self[key] else { return nil }
    guard let elements = value.elements else { throw invalid(key, "a list") }
    return elements
  }
}
