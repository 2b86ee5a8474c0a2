extension ONNXParser {
  /// A whole file that holds one value of a type.
  mutating func value(as type: ONNXType) throws(FormatError) -> ONNXValue {
    try value(as: type, in: 0..<bytes.count)
  }

  private mutating func value(as type: ONNXType, in range: Range<Int>) throws(FormatError) -> ONNXValue {
    switch type {
    case .tensor: return .tensor(try tensor(in: range))
    case .sequence(let element): return .sequence(try sequence(of: element, in: range))
    case .optional(let element): return .optional(try optional(of: element, in: range))
    case .sparseTensor, .map:
      throw .unsupported(
        field: place(), offset: range.lowerBound, found: type.description, supported: "tensors, sequences, optionals")
    }
  }

  /// The field of SequenceProto and OptionalProto that holds values of a type.
  private static func fieldNumber(of type: ONNXType) -> UInt64 {
    switch type {
    case .tensor: 3
    case .sparseTensor: 4
    case .sequence: 5
    case .map: 6
    case .optional: 7
    }
  }

  private mutating func sequence(of element: ONNXType, in range: Range<Int>) throws(FormatError) -> [ONNXValue] {
    var values: [ONNXValue] = []
    let number = Self.fieldNumber(of: element)
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      guard (3...7).contains(field.number) else { return }
      guard field.number == number else {
        throw .wrongType(
          field: parser.place("values[\(values.count)]"), offset: field.offset, found: "field \(field.number)",
          expected: element.description)
      }
      values.append(
        try parser.message(field, "values", index: values.count) { (parser, range) throws(FormatError) in
          try parser.value(as: element, in: range)
        })
    }
    return values
  }

  private mutating func optional(of element: ONNXType, in range: Range<Int>) throws(FormatError) -> ONNXValue? {
    var value: ONNXValue?
    let number = Self.fieldNumber(of: element)
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      guard (3...7).contains(field.number) else { return }
      guard field.number == number else {
        throw .wrongType(
          field: parser.place("value"), offset: field.offset, found: "field \(field.number)",
          expected: element.description)
      }
      try parser.once(value, field, "value")
      value = try parser.message(field, "value") { (parser, range) throws(FormatError) in
        try parser.value(as: element, in: range)
      }
    }
    return value
  }
}
