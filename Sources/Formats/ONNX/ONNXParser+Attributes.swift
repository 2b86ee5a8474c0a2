extension ONNXParser {
  /// An AttributeProto.
  mutating func attribute(
    _ field: ProtobufField, _ name: StaticString, index: Int
  ) throws(FormatError) -> ONNXAttribute {
    try message(field, name, index: index, cost: 256) { (parser, range) throws(FormatError) in
      try parser.attribute(in: range)
    }
  }

  /// What an attribute's fields held; only those of its type count.
  private struct Fields {
    var float: Float?
    var int: Int64?
    var string: String?
    var tensor: ONNXTensor?
    var graph: ONNXGraph?
    var sparse: ONNXSparseTensor?
    var type: ONNXType?
    var floats: [Float] = []
    var ints: [Int64] = []
    var strings: [String] = []
    var tensors: [ONNXTensor] = []
    var graphs: [ONNXGraph] = []
    var sparses: [ONNXSparseTensor] = []
    var types: [ONNXType] = []

    /// The value of a type; `nil` for a type that there is none of.
    func value(ofType code: Int64) -> ONNXAttribute.Value? {
      switch code {
      // A number that is zero and a text that is empty need not be written.
      case 1: .float(float ?? 0)
      case 2: .int(int ?? 0)
      case 3: .string(string ?? "")
      case 4: tensor.map { .tensor($0) }
      case 5: graph.map { .graph($0) }
      case 6: .floats(floats)
      case 7: .ints(ints)
      case 8: .strings(strings)
      case 9: .tensors(tensors)
      case 10: .graphs(graphs)
      case 11: sparse.map { .sparseTensor($0) }
      case 12: .sparseTensors(sparses)
      case 13: type.map { .type($0) }
      case 14: .types(types)
      default: nil
      }
    }

    /// The type of what is there, for files from before the type was written.
    var code: Int64 {
      if float != nil { return 1 }
      if int != nil { return 2 }
      if string != nil { return 3 }
      if tensor != nil { return 4 }
      if graph != nil { return 5 }
      if !floats.isEmpty { return 6 }
      if !ints.isEmpty { return 7 }
      if !strings.isEmpty { return 8 }
      if !tensors.isEmpty { return 9 }
      if !graphs.isEmpty { return 10 }
      if sparse != nil { return 11 }
      if !sparses.isEmpty { return 12 }
      if type != nil { return 13 }
      return types.isEmpty ? 0 : 14
    }
  }

  private mutating func attribute(in range: Range<Int>) throws(FormatError) -> ONNXAttribute {
    var (name, reference) = ("", "")
    var code: Int64 = 0
    var found = Fields()
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1: name = try parser.text(field, "name")
      case 2: found.float = try parser.float(field, "f")
      case 3: found.int = try parser.int(field, "i")
      case 4: found.string = try parser.text(field, "s")
      case 5:
        try parser.once(found.tensor, field, "t")
        found.tensor = try parser.message(field, "t") { (parser, range) throws(FormatError) in
          try parser.tensor(in: range)
        }
      case 6:
        try parser.once(found.graph, field, "g")
        found.graph = try parser.message(field, "g", cost: 512) { (parser, range) throws(FormatError) in
          try parser.graph(in: range)
        }
      case 7: try parser.floats(field, "floats", into: &found.floats)
      case 8: try parser.varints(field, "ints", into: &found.ints)
      case 9: found.strings.append(try parser.text(field, "strings"))
      case 10:
        found.tensors.append(
          try parser.message(field, "tensors", index: found.tensors.count) { (parser, range) throws(FormatError) in
            try parser.tensor(in: range)
          })
      case 11:
        found.graphs.append(
          try parser.message(field, "graphs", index: found.graphs.count, cost: 512) {
            (parser, range) throws(FormatError) in try parser.graph(in: range)
          })
      case 14: found.type = try parser.type(field, "tp")
      case 15: found.types.append(try parser.type(field, "type_protos"))
      case 20: code = try parser.int(field, "type")
      case 21: reference = try parser.text(field, "ref_attr_name")
      case 22:
        try parser.once(found.sparse, field, "sparse_tensor")
        found.sparse = try parser.message(field, "sparse_tensor") { (parser, range) throws(FormatError) in
          try parser.sparseTensor(in: range)
        }
      case 23:
        found.sparses.append(
          try parser.message(field, "sparse_tensors", index: found.sparses.count) {
            (parser, range) throws(FormatError) in try parser.sparseTensor(in: range)
          })
      default: break
      }
    }
    guard !name.isEmpty else { throw .missingKey(field: place("name")) }
    if !reference.isEmpty { return ONNXAttribute(name: name, value: .reference(reference), offset: range.lowerBound) }
    guard let value = found.value(ofType: code == 0 ? found.code : code) else {
      throw .invalidValue(
        field: place("attribute '\(name)'"), offset: range.lowerBound, value: "type \(code) without its value",
        expected: "a value of a known type")
    }
    return ONNXAttribute(name: name, value: value, offset: range.lowerBound)
  }

  /// A ValueInfoProto.
  mutating func valueInfo(
    _ field: ProtobufField, _ name: StaticString, index: Int
  ) throws(FormatError) -> ONNXValueInfo {
    try message(field, name, index: index, cost: 256) { (parser, range) throws(FormatError) in
      var name = ""
      var type: ONNXType?
      try parser.fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
        switch field.number {
        case 1: name = try parser.text(field, "name")
        case 2:
          try parser.once(type, field, "type")
          type = try parser.type(field, "type")
        default: break
        }
      }
      return ONNXValueInfo(name: name, type: type, offset: range.lowerBound)
    }
  }

  /// A TypeProto.
  mutating func type(_ field: ProtobufField, _ name: StaticString) throws(FormatError) -> ONNXType {
    try message(field, name) { (parser, range) throws(FormatError) in
      var type: ONNXType?
      try parser.fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
        guard (1...5).contains(field.number) || (7...9).contains(field.number) else { return }
        try parser.once(type, field, "value")
        let kind = field.number
        type = try parser.message(field, "value") { (parser, range) throws(FormatError) in
          try parser.type(ofKind: kind, in: range)
        }
      }
      guard let type else { throw .missingKey(field: parser.place("value")) }
      return type
    }
  }

  private mutating func type(ofKind kind: UInt64, in range: Range<Int>) throws(FormatError) -> ONNXType {
    var code: Int64 = 0
    var shape: [ONNXType.Extent]?
    var element: ONNXType?
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch (kind, field.number) {
      case (1, 1), (8, 1), (5, 1): code = try parser.int(field, "elem_type")
      case (1, 2), (8, 2):
        try parser.once(shape, field, "shape")
        shape = try parser.message(field, "shape") { (parser, range) throws(FormatError) in
          try parser.extents(in: range)
        }
      case (4, 1), (9, 1), (5, 2):
        try parser.once(element, field, "elem_type")
        element = try parser.type(field, "elem_type")
      default: break
      }
    }
    let offset = range.lowerBound
    switch kind {
    case 1: return .tensor(try elementType(code, "elem_type", at: offset), shape: shape)
    case 8: return .sparseTensor(try elementType(code, "elem_type", at: offset), shape: shape)
    case 4, 9, 5:
      guard let element else { throw .missingKey(field: place("elem_type")) }
      if kind == 5 { return .map(key: try elementType(code, "key_type", at: offset), value: element) }
      return kind == 4 ? .sequence(element) : .optional(element)
    default:
      throw .unsupported(
        field: place(), offset: offset, found: "an opaque type", supported: "tensors, sequences, optionals and maps")
    }
  }

  private mutating func extents(in range: Range<Int>) throws(FormatError) -> [ONNXType.Extent] {
    var extents: [ONNXType.Extent] = []
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      guard field.number == 1 else { return }
      guard extents.count < parser.limits.rank else {
        throw .limitExceeded(
          field: parser.place("dim"), offset: field.offset, value: UInt64(extents.count + 1),
          limit: UInt64(parser.limits.rank))
      }
      extents.append(
        try parser.message(field, "dim", index: extents.count, cost: 48) { (parser, range) throws(FormatError) in
          var extent = ONNXType.Extent.unknown
          try parser.fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
            switch field.number {
            case 1:
              let value = try parser.int(field, "dim_value")
              // -1 is how some writers say that they do not know.
              if value == -1 { break }
              extent = .known(try parser.size(value, "dim_value", at: field.offset))
            case 2: extent = .named(try parser.text(field, "dim_param"))
            default: break
            }
          }
          return extent
        })
    }
    return extents
  }
}
