extension ONNXParser {
  /// A ModelProto: the whole file.
  mutating func model() throws(FormatError) -> ONNXModel {
    var version: Int64 = 0
    var (producer, producerVersion) = ("", "")
    var graph: ONNXGraph?
    var operatorSets: [ONNXOperatorSet] = []
    var functions: [ONNXFunction] = []
    var metadata: [(key: String, value: String)] = []
    try fields(in: 0..<bytes.count) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1: version = try parser.int(field, "ir_version")
      case 2: producer = try parser.text(field, "producer_name")
      case 3: producerVersion = try parser.text(field, "producer_version")
      case 7:
        try parser.once(graph, field, "graph")
        graph = try parser.message(field, "graph", cost: 512) { (parser, range) throws(FormatError) in
          try parser.graph(in: range)
        }
      case 8: operatorSets.append(try parser.operatorSet(field, index: operatorSets.count))
      case 14:
        let entry = try parser.entry(field, "metadata_props", index: metadata.count)
        metadata.append((entry.0, entry.1))
      case 20:
        throw .unsupported(
          field: parser.place("training_info"), offset: field.offset, found: "training information",
          supported: "an inference graph")
      case 25:
        functions.append(
          try parser.message(field, "functions", index: functions.count, cost: 512) {
            (parser, range) throws(FormatError) in try parser.function(in: range)
          })
      default: break
      }
    }
    guard (1...64).contains(version) else {
      throw .unsupported(
        field: "ir_version", offset: 0, found: "format version \(version)", supported: "a version from 1")
    }
    guard let graph else { throw .missingKey(field: "graph") }
    return ONNXModel(
      formatVersion: version, producer: producer, producerVersion: producerVersion, operatorSets: operatorSets,
      graph: graph, functions: functions, metadata: metadata)
  }

  private mutating func operatorSet(
    _ field: ProtobufField, index: Int
  ) throws(FormatError) -> ONNXOperatorSet {
    try message(field, "opset_import", index: index) { (parser, range) throws(FormatError) in
      var domain = ""
      var version: Int64 = 0
      try parser.fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
        switch field.number {
        case 1: domain = try parser.text(field, "domain")
        case 2: version = try parser.int(field, "version")
        default: break
        }
      }
      domain = ONNXOperatorSet.canonical(domain)
      let most = domain.isEmpty ? parser.limits.operatorSetVersion : Int64(Int32.max)
      guard version >= 1, version <= most else {
        throw .unsupported(
          field: parser.place("version"), offset: range.lowerBound, found: "version \(version) of '\(domain)'",
          supported: "1 to \(most)")
      }
      return ONNXOperatorSet(domain: domain, version: version)
    }
  }

  /// A GraphProto.
  mutating func graph(in range: Range<Int>) throws(FormatError) -> ONNXGraph {
    var name = ""
    var nodes: [ONNXNode] = []
    var (inputs, outputs, infos): ([ONNXValueInfo], [ONNXValueInfo], [ONNXValueInfo]) = ([], [], [])
    var initializers: [ONNXTensor] = []
    var sparse: [ONNXSparseTensor] = []
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1:
        nodes.append(
          try parser.message(field, "node", index: nodes.count, cost: 256) { (parser, range) throws(FormatError) in
            try parser.node(in: range)
          })
      case 2: name = try parser.text(field, "name")
      case 5:
        initializers.append(
          try parser.message(field, "initializer", index: initializers.count, cost: 256) {
            (parser, range) throws(FormatError) in try parser.tensor(in: range)
          })
      case 11: inputs.append(try parser.valueInfo(field, "input", index: inputs.count))
      case 12: outputs.append(try parser.valueInfo(field, "output", index: outputs.count))
      case 13: infos.append(try parser.valueInfo(field, "value_info", index: infos.count))
      case 15:
        sparse.append(
          try parser.message(field, "sparse_initializer", index: sparse.count, cost: 512) {
            (parser, range) throws(FormatError) in try parser.sparseTensor(in: range)
          })
      default: break
      }
    }
    return ONNXGraph(
      name: name, nodes: nodes, inputs: inputs, outputs: outputs, initializers: initializers,
      sparseInitializers: sparse, valueInfos: infos, offset: range.lowerBound)
  }

  /// A NodeProto.
  mutating func node(in range: Range<Int>) throws(FormatError) -> ONNXNode {
    var (name, operation, domain, overload) = ("", "", "", "")
    var (inputs, outputs): ([String], [String]) = ([], [])
    var attributes: [ONNXAttribute] = []
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1: inputs.append(try parser.text(field, "input"))
      case 2: outputs.append(try parser.text(field, "output"))
      case 3: name = try parser.text(field, "name")
      case 4: operation = try parser.text(field, "op_type")
      case 5: attributes.append(try parser.attribute(field, "attribute", index: attributes.count))
      case 7: domain = try parser.text(field, "domain")
      case 8: overload = try parser.text(field, "overload")
      default: break
      }
    }
    guard !operation.isEmpty else { throw .missingKey(field: place("op_type")) }
    var seen: [String: Int] = [:]
    for attribute in attributes {
      if let first = seen.updateValue(attribute.offset, forKey: attribute.name) {
        throw .duplicate(field: place("attribute '\(attribute.name)'"), offset: attribute.offset, first: first)
      }
    }
    return ONNXNode(
      name: name, operation: operation, domain: ONNXOperatorSet.canonical(domain), overload: overload, inputs: inputs,
      outputs: outputs, attributes: attributes, offset: range.lowerBound)
  }

  /// A FunctionProto.
  mutating func function(in range: Range<Int>) throws(FormatError) -> ONNXFunction {
    var (name, domain, overload) = ("", "", "")
    var (inputs, outputs, required): ([String], [String], [String]) = ([], [], [])
    var defaults: [ONNXAttribute] = []
    var nodes: [ONNXNode] = []
    var operatorSets: [ONNXOperatorSet] = []
    try fields(in: range) { (parser: inout ONNXParser, field: ProtobufField) throws(FormatError) in
      switch field.number {
      case 1: name = try parser.text(field, "name")
      case 4: inputs.append(try parser.text(field, "input"))
      case 5: outputs.append(try parser.text(field, "output"))
      case 6: required.append(try parser.text(field, "attribute"))
      case 7:
        nodes.append(
          try parser.message(field, "node", index: nodes.count, cost: 256) { (parser, range) throws(FormatError) in
            try parser.node(in: range)
          })
      case 9: operatorSets.append(try parser.operatorSet(field, index: operatorSets.count))
      case 10: domain = try parser.text(field, "domain")
      case 11: defaults.append(try parser.attribute(field, "attribute_proto", index: defaults.count))
      case 13: overload = try parser.text(field, "overload")
      default: break
      }
    }
    guard !name.isEmpty else { throw .missingKey(field: place("name")) }
    return ONNXFunction(
      name: name, domain: ONNXOperatorSet.canonical(domain), overload: overload, inputs: inputs, outputs: outputs,
      requiredAttributes: required, defaultAttributes: defaults, nodes: nodes, operatorSets: operatorSets,
      offset: range.lowerBound)
  }
}
