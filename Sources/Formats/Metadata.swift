/// Keyed values of a model, under the keys that GGUF files have: a file's own, or those that another format's
/// configuration says in its own words.
public protocol Metadata {
  /// The entry of `key`; nothing when there is none.
  func entry(_ key: String) -> GGUFEntry?
}

/// Typed access. Errors name the key.
extension Metadata {
  private func required(_ key: String) throws(FormatError) -> GGUFEntry {
    guard let entry = entry(key) else { throw .missingKey(field: key) }
    return entry
  }

  /// The value of `key`; nothing when there is none.
  public subscript(key: String) -> GGUFValue? { entry(key)?.value }

  // MARK: Scalars

  /// The text of `key`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)`` or ``FormatError/wrongType(field:offset:found:expected:)``.
  public func string(_ key: String) throws(FormatError) -> String { try string(required(key)) }

  /// The text of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/wrongType(field:offset:found:expected:)``.
  public func stringIfPresent(_ key: String) throws(FormatError) -> String? {
    guard let entry = entry(key) else { return nil }
    return try string(entry)
  }

  private func string(_ entry: GGUFEntry) throws(FormatError) -> String {
    guard case .string(let text) = entry.value else { throw wrongType(entry, "string") }
    return text
  }

  /// The number of `key`, of any integer type, which must not be negative and must lie in `range`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func uint(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(FormatError) -> Int {
    try uint(required(key), range)
  }

  /// The number of `key`, as ``uint(_:in:)`` has it; nothing when there is none.
  ///
  /// - Throws: ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func uintIfPresent(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(FormatError) -> Int? {
    guard let entry = entry(key) else { return nil }
    return try uint(entry, range)
  }

  private func uint(_ entry: GGUFEntry, _ range: ClosedRange<Int>) throws(FormatError) -> Int {
    switch entry.value {
    case .float32, .float64, .bool, .string, .array: throw wrongType(entry, "an integer")
    default: break
    }
    guard let value = entry.value.integer, value >= 0, range.contains(value) else {
      throw .invalidValue(
        field: entry.key, offset: entry.offset, value: "\(entry.value)",
        expected: "\(max(range.lowerBound, 0)) to \(range.upperBound)")
    }
    return value
  }

  /// The number of `key`, a float32 or float64, finite and in `range`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func float(
    _ key: String, in range: ClosedRange<Float> = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
  ) throws(FormatError) -> Float {
    try float(required(key), range)
  }

  /// The number of `key`, as ``float(_:in:)`` has it; nothing when there is none.
  ///
  /// - Throws: ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func floatIfPresent(
    _ key: String, in range: ClosedRange<Float> = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
  ) throws(FormatError) -> Float? {
    guard let entry = entry(key) else { return nil }
    return try float(entry, range)
  }

  private func float(_ entry: GGUFEntry, _ range: ClosedRange<Float>) throws(FormatError) -> Float {
    let value: Float
    switch entry.value {
    case .float32(let number): value = number
    case .float64(let number): value = Float(number)
    default: throw wrongType(entry, "float32 or float64")
    }
    // NaN lies in no range.
    guard range.contains(value), value.isFinite else {
      throw .invalidValue(
        field: entry.key, offset: entry.offset, value: "\(entry.value)",
        expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The truth of `key`.
  ///
  /// - Throws: ``FormatError/missingKey(field:)`` or ``FormatError/wrongType(field:offset:found:expected:)``.
  public func bool(_ key: String) throws(FormatError) -> Bool { try bool(required(key)) }

  /// The truth of `key`; nothing when there is none.
  ///
  /// - Throws: ``FormatError/wrongType(field:offset:found:expected:)``.
  public func boolIfPresent(_ key: String) throws(FormatError) -> Bool? {
    guard let entry = entry(key) else { return nil }
    return try bool(entry)
  }

  private func bool(_ entry: GGUFEntry) throws(FormatError) -> Bool {
    guard case .bool(let value) = entry.value else { throw wrongType(entry, "bool") }
    return value
  }

  // MARK: Arrays

  /// The strings of `key`, `count` of them when given.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/wrongCount(field:offset:found:expected:)``.
  public func strings(_ key: String, count: Int? = nil) throws(FormatError) -> GGUFStringArray {
    let entry = try required(key)
    let array = try array(entry, [.string], count)
    return try GGUFStringArray(decoding: array, field: key, offset: entry.contentOffset)
  }

  /// The numbers of `key`, `count` of them when given: an array of int32, or of uint32 within its range. Other widths
  /// are refused rather than converted: no writer makes them.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)``,
  ///   ``FormatError/wrongCount(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func int32s(_ key: String, count: Int? = nil) throws(FormatError) -> [Int32] {
    let entry = try required(key)
    let array = try array(entry, [.int32, .uint32], count)
    let values = array.words.map { Int32(bitPattern: $0) }
    if array.elementType == .uint32, let index = values.firstIndex(where: { $0 < 0 }) {
      throw .invalidValue(
        field: "\(key)[\(index)]", offset: entry.contentOffset + 4 * index,
        value: "\(UInt32(bitPattern: values[index]))", expected: "at most \(Int32.max)")
    }
    return values
  }

  /// The numbers of `key`, `count` of them when given: an array of float32, which may hold NaN and infinities.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)`` or
  ///   ``FormatError/wrongCount(field:offset:found:expected:)``.
  public func floats(_ key: String, count: Int? = nil) throws(FormatError) -> [Float] {
    try array(required(key), [.float32], count).words.map { Float(bitPattern: $0) }
  }

  /// The truths of `key`, `count` of them when given.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``, ``FormatError/wrongType(field:offset:found:expected:)``,
  ///   ``FormatError/wrongCount(field:offset:found:expected:)`` or
  ///   ``FormatError/invalidValue(field:offset:value:expected:)``.
  public func bools(_ key: String, count: Int? = nil) throws(FormatError) -> [Bool] {
    let entry = try required(key)
    let array = try array(entry, [.bool], count)
    let bytes = array.bytes.withUnsafeBytes { [UInt8]($0) }
    if let index = bytes.firstIndex(where: { $0 > 1 }) {
      throw .invalidValue(
        field: "\(key)[\(index)]", offset: entry.contentOffset + index, value: "\(bytes[index])",
        expected: "0 or 1")
    }
    return bytes.map { $0 == 1 }
  }

  private func array(
    _ entry: GGUFEntry, _ types: [GGUFValueType], _ count: Int?
  ) throws(FormatError) -> GGUFArray {
    guard case .array(let array) = entry.value, types.contains(array.elementType) else {
      throw wrongType(entry, "array of " + types.map { "\($0)" }.joined(separator: " or "))
    }
    if let count, array.count != count {
      throw .wrongCount(field: entry.key, offset: entry.offset, found: array.count, expected: count)
    }
    return array
  }

  private func wrongType(_ entry: GGUFEntry, _ expected: String) -> FormatError {
    .wrongType(field: entry.key, offset: entry.offset, found: entry.value.typeName, expected: expected)
  }
}
