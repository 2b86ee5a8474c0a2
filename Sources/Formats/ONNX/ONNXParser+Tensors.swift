import NumericTypes

extension ONNXParser {
  /// A tensor's shape from its extents.
  ///
  /// - Throws: ``FormatError`` for a negative extent, too many of them, or too many elements.
  func shape(_ extents: [Int64], _ name: String, at offset: Int) throws(FormatError) -> [Int] {
    guard extents.count <= limits.rank else {
      throw .limitExceeded(
        field: place(name), offset: offset, value: UInt64(extents.count), limit: UInt64(limits.rank))
    }
    var shape: [Int] = []
    var elements = 1
    for extent in extents {
      let extent = try size(extent, name, at: offset)
      // An empty tensor's other extents count too: strides are made of them.
      elements = elements.multipliedClamped(by: max(extent, 1))
      shape.append(extent)
    }
    guard elements <= limits.elements else {
      throw .limitExceeded(
        field: place(name), offset: offset, value: UInt64(elements), limit: UInt64(limits.elements))
    }
    return shape
  }

  /// A TensorProto.
  mutating func tensor(in range: Range<Int>) throws(FormatError) -> ONNXTensor {
    let start = range.lowerBound
    var extents: [Int64] = []
    var code: Int64 = 0
    var name = ""
    var raw: Range<Int>?
    var (floats, doubles): ([Float], [Double]) = ([], [])
    var (int32s, int64s, uint64s): ([Int32], [Int64], [UInt64]) = ([], [], [])
    var strings: [String] = []
    var external: [(String, String)] = []
    var isExternal = false
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1: try parser.varints(field, "dims", into: &extents)
      case 2: code = try parser.int(field, "data_type")
      case 3:
        throw .unsupported(
          field: parser.place("segment"), offset: field.offset, found: "a tensor in segments", supported: "a whole one")
      case 4: try parser.floats(field, "float_data", into: &floats)
      case 5: try parser.varints(field, "int32_data", into: &int32s)
      case 6: strings.append(try parser.text(field, "string_data"))
      case 7: try parser.varints(field, "int64_data", into: &int64s)
      case 8: name = try parser.text(field, "name")
      case 9:
        try parser.once(raw, field, "raw_data")
        raw = try parser.data(field, "raw_data")
      case 10:
        try parser.fixed(field, "double_data", into: &doubles, UInt64.self) { Double(bitPattern: $0) }
      case 11: try parser.varints(field, "uint64_data", into: &uint64s)
      case 13: external.append(try parser.entry(field, "external_data", index: external.count))
      case 14:
        let location = try parser.int(field, "data_location")
        guard location == 0 || location == 1 else {
          throw .invalidValue(
            field: parser.place("data_location"), offset: field.offset, value: "\(location)", expected: "0 or 1")
        }
        isExternal = location == 1
      default: break
      }
    }
    let type = try elementType(code, "data_type", at: start)
    let shape = try shape(extents, "dims", at: start)
    var candidates: [(name: String, count: Int, data: ONNXTensorData)] = []
    if !floats.isEmpty { candidates.append(("float_data", floats.count, .floats(floats))) }
    if !doubles.isEmpty { candidates.append(("double_data", doubles.count, .doubles(doubles))) }
    if !int32s.isEmpty { candidates.append(("int32_data", int32s.count, .int32s(int32s))) }
    if !int64s.isEmpty { candidates.append(("int64_data", int64s.count, .int64s(int64s))) }
    if !uint64s.isEmpty { candidates.append(("uint64_data", uint64s.count, .uint64s(uint64s))) }
    if !strings.isEmpty { candidates.append(("string_data", strings.count, .strings(strings))) }
    if isExternal {
      guard raw == nil || raw?.isEmpty == true, candidates.isEmpty else {
        throw .inconsistent(
          field: place("data_location"), offset: start, problem: "the data are in another file and in this one too")
      }
      let data = try externalData(external, type, shape, at: start)
      return ONNXTensor(name: name, type: type, shape: shape, data: .external(data), offset: start)
    }
    if candidates.count + (raw == nil ? 0 : 1) > 1, !(raw?.isEmpty == true && candidates.count == 1) {
      throw .inconsistent(
        field: place(candidates[0].name), offset: start, problem: "the data are there in more than one form")
    }
    let count = shape.reduce(1, *)
    if let candidate = candidates.first {
      let (field, perElement) = Self.typedField(of: type)
      guard candidate.name == field else {
        throw .wrongType(
          field: place(candidate.name), offset: start, found: candidate.name, expected: "\(field) for \(type.name)")
      }
      let expected = perElement > 0 ? count.multipliedClamped(by: perElement) : (count + -perElement - 1) / -perElement
      guard candidate.count == expected else {
        throw .wrongCount(field: place(candidate.name), offset: start, found: candidate.count, expected: expected)
      }
      return ONNXTensor(name: name, type: type, shape: shape, data: candidate.data, offset: start)
    }
    if type == .string {
      guard count == 0, raw == nil || raw?.isEmpty == true else {
        throw .wrongCount(field: place("string_data"), offset: start, found: 0, expected: count)
      }
      return ONNXTensor(name: name, type: type, shape: shape, data: .strings([]), offset: start)
    }
    let range = raw ?? start..<start
    let expected = (count.multipliedClamped(by: type.bits).addingClamped(7)) / 8
    guard range.count == expected else {
      throw .wrongCount(field: place("raw_data"), offset: range.lowerBound, found: range.count, expected: expected)
    }
    return ONNXTensor(name: name, type: type, shape: shape, data: .raw(bytes[range]), offset: start)
  }

  /// The field that holds a type's elements when they are not raw bytes, and the entries that an element takes; below
  /// zero the elements that one entry packs.
  private static func typedField(of type: ONNXElementType) -> (String, Int) {
    switch type {
    case .float32: ("float_data", 1)
    case .complex64: ("float_data", 2)
    case .float64: ("double_data", 1)
    case .complex128: ("double_data", 2)
    case .int64: ("int64_data", 1)
    case .uint32, .uint64: ("uint64_data", 1)
    case .string: ("string_data", 1)
    case .uint4, .int4, .float4E2M1: ("int32_data", -2)
    case .uint2, .int2: ("int32_data", -4)
    default: ("int32_data", 1)
    }
  }

  private func externalData(
    _ entries: [(String, String)], _ type: ONNXElementType, _ shape: [Int], at start: Int
  ) throws(FormatError) -> ONNXExternalData {
    guard type != .string else {
      throw .unsupported(
        field: place("external_data"), offset: start, found: "strings in another file", supported: "numbers")
    }
    var location: String?
    var offset = 0
    var length: Int?
    for (key, value) in entries {
      switch key {
      case "location":
        guard location == nil else {
          throw .inconsistent(field: place("external_data"), offset: start, problem: "location is given twice")
        }
        location = value
      case "offset", "length":
        guard let number = Int(value), number >= 0 else {
          throw .invalidValue(
            field: place("external_data.\(key)"), offset: start, value: "'\(value)'", expected: "a number of bytes")
        }
        if key == "offset" { offset = number } else { length = number }
      // Advice to readers; other keys have been used to set what no file should set.
      case "checksum", "basepath": break
      default:
        throw .invalidValue(
          field: place("external_data"), offset: start, value: "'\(key)'",
          expected: "location, offset, length or checksum")
      }
    }
    guard let location else { throw .missingKey(field: place("external_data.location")) }
    _ = try ONNXExternalData.parts(of: location, field: place("external_data.location"), offset: start)
    let needed = shape.reduce(1, *).multipliedClamped(by: type.bits).addingClamped(7) / 8
    if let length, length != needed {
      throw .wrongCount(field: place("external_data.length"), offset: start, found: length, expected: needed)
    }
    guard offset.addingClamped(needed) < Int.max else {
      throw .overflow(
        field: place("external_data.offset"), offset: start, computation: "\(offset) + \(needed) bytes")
    }
    return ONNXExternalData(location: location, offset: offset, length: length)
  }

  /// A StringStringEntryProto.
  mutating func entry(
    _ field: ProtobufField, _ name: StaticString, index: Int
  ) throws(FormatError) -> (String, String) {
    try message(field, name, index: index) { (parser: inout ONNXParser, range: Range<Int>) throws(FormatError) in
      var (key, value) = ("", "")
      try parser.fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
        switch field.number {
        case 1: key = try parser.text(field, "key")
        case 2: value = try parser.text(field, "value")
        default: break
        }
      }
      return (key, value)
    }
  }

  /// A SparseTensorProto.
  mutating func sparseTensor(in range: Range<Int>) throws(FormatError) -> ONNXSparseTensor {
    var (values, indices): (ONNXTensor?, ONNXTensor?)
    var extents: [Int64] = []
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1:
        try parser.once(values, field, "values")
        values = try parser.message(field, "values") { (parser, range) throws(FormatError) in
          try parser.tensor(in: range)
        }
      case 2:
        try parser.once(indices, field, "indices")
        indices = try parser.message(field, "indices") { (parser, range) throws(FormatError) in
          try parser.tensor(in: range)
        }
      case 3: try parser.varints(field, "dims", into: &extents)
      default: break
      }
    }
    let shape = try shape(extents, "dims", at: range.lowerBound)
    guard let values, let indices else {
      throw .missingKey(field: place(values == nil ? "values" : "indices"))
    }
    guard values.shape.count == 1 else {
      throw .wrongShape(field: place("values"), offset: values.offset, found: values.shape, expected: [values.count])
    }
    guard indices.type == .int64 else {
      throw .wrongType(
        field: place("indices"), offset: indices.offset, found: indices.type.name, expected: "INT64")
    }
    guard indices.shape == [values.count] || indices.shape == [values.count, shape.count] else {
      throw .wrongShape(
        field: place("indices"), offset: indices.offset, found: indices.shape, expected: [values.count, shape.count])
    }
    return ONNXSparseTensor(values: values, indices: indices, shape: shape)
  }
}
