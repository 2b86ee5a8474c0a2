/// The rules that a parsed model must keep before anybody runs it: every name is defined once, before it is used, in its
/// graph or one around it; operator domains are imported; initializers agree with declared inputs; calls of functions do
/// not go round in a circle.
struct ONNXCheck {
  private let domains: Set<String>
  private let place: String

  static func check(_ model: ONNXModel, limits: ONNXLimits) throws(FormatError) {
    let domains = try imported(model.operatorSets, "opset_import", at: model.graph.offset)
    guard !model.operatorSets.isEmpty else { throw .missingKey(field: "opset_import") }
    try ONNXCheck(domains: domains, place: "graph").graph(model.graph, outer: [])
    var seen: [String: Int] = [:]
    for (index, function) in model.functions.enumerated() {
      let place = "functions[\(index)]"
      let key = "\(function.domain)\u{0}\(function.name)\u{0}\(function.overload)"
      if let first = seen.updateValue(function.offset, forKey: key) {
        throw .duplicate(field: "\(place) '\(function.name)'", offset: function.offset, first: first)
      }
      let domains = try imported(function.operatorSets, "\(place).opset_import", at: function.offset)
      try ONNXCheck(domains: domains.isEmpty ? Set(model.operatorSets.map(\.domain)) : domains, place: place)
        .function(function)
    }
    try refuseCircles(model.functions)
  }

  /// Refuses functions that call themselves, by way of others or not.
  private static func refuseCircles(_ functions: [ONNXFunction]) throws(FormatError) {
    var byName: [String: [Int]] = [:]
    for (index, function) in functions.enumerated() {
      byName["\(function.domain)\u{0}\(function.name)", default: []].append(index)
    }
    // Whoever calls nobody that is left is taken away; those who stay wait for each other.
    var callers = [[Int]](repeating: [], count: functions.count)
    var waiting = [Int](repeating: 0, count: functions.count)
    for (index, function) in functions.enumerated() {
      for name in calls(function.nodes) {
        for callee in byName[name] ?? [] {
          callers[callee].append(index)
          waiting[index] += 1
        }
      }
    }
    var free = functions.indices.filter { waiting[$0] == 0 }
    while let next = free.popLast() {
      for caller in callers[next] {
        waiting[caller] -= 1
        if waiting[caller] == 0 { free.append(caller) }
      }
    }
    guard let stuck = functions.indices.first(where: { waiting[$0] > 0 }) else { return }
    throw .inconsistent(
      field: "functions[\(stuck)] '\(functions[stuck].name)'", offset: functions[stuck].offset,
      problem: "functions call each other in a cycle")
  }

  /// The operators that nodes and the graphs in them use, each once. The depth of graphs is bounded by parsing.
  private static func calls(_ nodes: [ONNXNode]) -> Set<String> {
    var names: Set<String> = []
    for node in nodes {
      names.insert("\(node.domain)\u{0}\(node.operation)")
      for attribute in node.attributes {
        switch attribute.value {
        case .graph(let graph): names.formUnion(calls(graph.nodes))
        case .graphs(let graphs): for graph in graphs { names.formUnion(calls(graph.nodes)) }
        default: break
        }
      }
    }
    return names
  }

  private static func imported(
    _ sets: [ONNXOperatorSet], _ field: String, at offset: Int
  ) throws(FormatError) -> Set<String> {
    var domains: Set<String> = []
    for set in sets where !domains.insert(set.domain).inserted {
      throw .duplicate(field: "\(field) '\(set.domain)'", offset: offset, first: offset)
    }
    return domains
  }

  /// Names and where they were defined.
  private typealias Names = [String: Int]

  private func graph(_ graph: ONNXGraph, outer: [Names]) throws(FormatError) {
    var names: Names = [:]
    var inputs: [String: ONNXValueInfo] = [:]
    for (index, input) in graph.inputs.enumerated() {
      try define(input.name, "\(place).input[\(index)]", at: input.offset, &names)
      inputs[input.name] = input
    }
    var constants: Names = [:]
    for (index, tensor) in graph.initializers.enumerated() {
      let field = "\(place).initializer[\(index)]"
      guard !tensor.name.isEmpty else { throw .missingKey(field: "\(field).name") }
      try define(tensor.name, field, at: tensor.offset, &constants)
      if let input = inputs[tensor.name] { try agree(tensor, input, "\(field) '\(tensor.name)'") }
      names[tensor.name] = tensor.offset
    }
    for (index, sparse) in graph.sparseInitializers.enumerated() {
      let field = "\(place).sparse_initializer[\(index)]"
      guard !sparse.values.name.isEmpty else { throw .missingKey(field: "\(field).values.name") }
      try define(sparse.values.name, field, at: sparse.values.offset, &constants)
      names[sparse.values.name] = sparse.values.offset
    }
    try nodes(graph.nodes, names: &names, outer: outer)
    for (index, output) in graph.outputs.enumerated() where names[output.name] == nil {
      // A branch may hand out a value of the graph around it.
      if outer.contains(where: { $0[output.name] != nil }) { continue }
      throw .inconsistent(
        field: "\(place).output[\(index)]", offset: output.offset, problem: "nothing gives '\(output.name)'")
    }
  }

  private func function(_ function: ONNXFunction) throws(FormatError) {
    var names: Names = [:]
    for (index, input) in function.inputs.enumerated() {
      try define(input, "\(place).input[\(index)]", at: function.offset, &names)
    }
    try nodes(function.nodes, names: &names, outer: [])
    for (index, output) in function.outputs.enumerated() where names[output] == nil {
      throw .inconsistent(
        field: "\(place).output[\(index)]", offset: function.offset, problem: "nothing gives '\(output)'")
    }
  }

  private func define(
    _ name: String, _ field: @autoclosure () -> String, at offset: Int, _ names: inout Names
  ) throws(FormatError) {
    guard !name.isEmpty else { throw .missingKey(field: "\(field()).name") }
    if let first = names.updateValue(offset, forKey: name) {
      throw .duplicate(field: "\(field()) '\(name)'", offset: offset, first: first)
    }
  }

  private func nodes(_ nodes: [ONNXNode], names: inout Names, outer: [Names]) throws(FormatError) {
    for (index, node) in nodes.enumerated() {
      let field = "\(place).node[\(index)] \(node.label)"
      guard domains.contains(node.domain) else {
        throw .inconsistent(
          field: field, offset: node.offset, problem: "the model does not import the operators of '\(node.domain)'")
      }
      for input in node.inputs where !input.isEmpty && names[input] == nil {
        if outer.contains(where: { $0[input] != nil }) { continue }
        throw undefined(input, index, nodes, field)
      }
      for attribute in node.attributes {
        let inner = ONNXCheck(domains: domains, place: "\(place).node[\(index)].\(attribute.name)")
        switch attribute.value {
        case .graph(let graph): try inner.graph(graph, outer: outer + [names])
        case .graphs(let graphs): for graph in graphs { try inner.graph(graph, outer: outer + [names]) }
        default: break
        }
      }
      for (position, output) in node.outputs.enumerated() where !output.isEmpty {
        try define(output, "\(field).output[\(position)]", at: node.offset, &names)
      }
    }
  }

  /// Why a name is not there: nobody gives it, a later node does, or a circle of nodes waits for itself.
  private func undefined(_ name: String, _ index: Int, _ nodes: [ONNXNode], _ field: String) -> FormatError {
    let problem: String
    var makers: [String: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { makers[output] = position }
    }
    if let maker = makers[name] {
      problem =
        reaches(index, from: maker, nodes, makers)
        ? "the nodes form a cycle: '\(name)' depends on this node" : "'\(name)' comes from a later node"
    } else {
      problem = "nothing gives '\(name)'"
    }
    return .inconsistent(field: field, offset: nodes[index].offset, problem: problem)
  }

  private func reaches(_ goal: Int, from start: Int, _ nodes: [ONNXNode], _ makers: [String: Int]) -> Bool {
    var waiting = [start]
    var seen: Set<Int> = [start]
    while let next = waiting.popLast() {
      if next == goal { return true }
      for input in nodes[next].inputs {
        if let maker = makers[input], seen.insert(maker).inserted { waiting.append(maker) }
      }
    }
    return false
  }

  /// An initializer that is an input's default must be of the input's type.
  private func agree(_ tensor: ONNXTensor, _ input: ONNXValueInfo, _ field: String) throws(FormatError) {
    guard case .tensor(let type, let shape)? = input.type else { return }
    guard type == tensor.type else {
      throw .wrongType(field: field, offset: tensor.offset, found: tensor.type.name, expected: type.name)
    }
    guard let shape else { return }
    let expected = zip(shape, tensor.shape).map { extent, own in
      if case .known(let value) = extent { value } else { own }
    }
    guard shape.count == tensor.shape.count, expected == tensor.shape else {
      throw .wrongShape(field: field, offset: tensor.offset, found: tensor.shape, expected: expected)
    }
  }
}
