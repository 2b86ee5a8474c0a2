import Formats
import Tensors

/// Makes a parsed model ready to run.
final class GraphBuilder {
  private let model: ONNXModel
  private let library: OperatorLibrary
  private let limits: GraphLimits
  private let loader: TensorLoader
  private let context: Context
  private let functions: [String: ONNXFunction]
  private var nodes = 0
  /// How many graphs and functions are being prepared inside of each other.
  private var depth = 0
  private static let depthLimit = 100
  /// Operators with how often they occur.
  private(set) var counts: [String: Int] = [:]

  init(
    _ model: ONNXModel, library: OperatorLibrary, limits: GraphLimits, loader: TensorLoader, context: Context
  ) {
    self.model = model
    self.library = library
    self.limits = limits
    self.loader = loader
    self.context = context
    functions = Dictionary(
      model.functions.map { (Self.key($0.domain, $0.name, $0.overload), $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(domain)\u{0}\(name)\u{0}\(overload)"
  }

  /// The names of a graph and of those around it, innermost first.
  private struct Names {
    var slots: [String: Int] = [:]
    var count = 0

    mutating func define(_ name: String) -> Int {
      defer { count += 1 }
      if !name.isEmpty { slots[name] = count }
      return count
    }
  }

  /// What the nodes of a graph or function are read with.
  private struct Setting {
    var versions: [String: Int64]
    /// The attributes of the call that a function's nodes refer to.
    var arguments: [String: ONNXAttribute.Value] = [:]
  }

  func main() throws -> PreparedGraph {
    let versions = Dictionary(
      model.operatorSets.map { ($0.domain, $0.version) }, uniquingKeysWith: { first, _ in first })
    let run = GraphRun(context: context, limits: limits, isCancelled: { false })
    return try graph(model.graph, outer: [], Setting(versions: versions)).folded(
      in: run, areFixed: !model.canOverrideInitializers)
  }

  private func graph(_ graph: ONNXGraph, outer: [Names], _ setting: Setting) throws -> PreparedGraph {
    var names = Names()
    let inputs = graph.inputs.map { names.define($0.name) }
    var constants: [(slot: Int, value: GraphTensor)] = []
    for tensor in graph.initializers {
      constants.append((names.slots[tensor.name] ?? names.define(tensor.name), try loader.load(tensor)))
    }
    for tensor in graph.sparseInitializers {
      let name = tensor.values.name
      constants.append((names.slots[name] ?? names.define(name), try loader.load(tensor)))
    }
    return try finish(
      graph.nodes, &names, outer, setting, constants, inputNames: graph.inputs.map(\.name), inputs,
      graph.outputs.map(\.name))
  }

  private func finish(
    _ nodes: [ONNXNode], _ names: inout Names, _ outer: [Names], _ setting: Setting,
    _ constants: [(slot: Int, value: GraphTensor)], inputNames: [String], _ inputs: [Int], _ outputNames: [String]
  ) throws -> PreparedGraph {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw GraphError.refused(
        node: nodes.first?.label ?? "", reason: "graphs and functions more than \(Self.depthLimit) deep")
    }
    var steps: [PreparedGraph.Step] = []
    // The last step that reads a slot, itself or in a graph inside of it.
    var lastUse: [Int: Int] = [:]
    var inner: Set<Int> = []
    for node in nodes {
      let inputs = try node.inputs.map { name in name.isEmpty ? nil : try place(name, names, outer, node.label) }
      for case .some(let place) in inputs where place.level == 0 { lastUse[place.slot] = steps.count }
      let seen = captured(node, names)
      for slot in seen { lastUse[slot] = steps.count }
      inner.formUnion(seen)
      let evaluate = try prepare(node, [names] + outer, setting)
      let outputs = node.outputs.map { $0.isEmpty ? nil : names.define($0) }
      for case .some(let slot) in outputs { lastUse[slot] = steps.count }
      steps.append(
        PreparedGraph.Step(
          label: node.label, operation: node.operation, inputs: inputs, outputs: outputs, evaluate: evaluate,
          isPlain: isPlain(node), takesAnyType: takesAnyType(node)))
    }
    let outputs = try outputNames.map { try place($0, names, outer, "output '\($0)'") }
    let kept = Set(outputs.filter { $0.level == 0 }.map(\.slot) + constants.map(\.slot))
    for (slot, step) in lastUse where !kept.contains(slot) { steps[step].releases.append(slot) }
    return PreparedGraph(
      inputNames: inputNames, outputNames: outputNames, inputs: inputs, outputs: outputs, slotCount: names.count,
      constants: constants, steps: steps, captured: inner)
  }

  /// Operators of the standard that move elements of any type, or take strings.
  private static let anyType: Set<String> = [
    "ArrayFeatureExtractor", "Cast", "CastLike", "CenterCropPad", "Compress", "Concat", "DepthToSpace", "Equal",
    "Expand",
    "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "If", "LabelEncoder", "Loop", "OneHot", "Optional",
    "OptionalGetElement", "OptionalHasElement", "Pad", "RegexFullMatch", "Reshape", "ReverseSequence", "Scan",
    "Scatter",
    "ScatterElements", "ScatterND", "SequenceConstruct", "SequenceInsert", "SequenceMap", "Shape", "Size", "Slice",
    "SpaceToDepth", "Split", "SplitToSequence", "Squeeze", "StringConcat", "StringNormalizer", "StringSplit",
    "TfIdfVectorizer", "Tile", "Transpose", "Unique", "Unsqueeze", "Where",
  ]

  private func takesAnyType(_ node: ONNXNode) -> Bool {
    if functions[Self.key(node.domain, node.operation, node.overload)] != nil { return true }
    // A program's own operators look for themselves.
    return Self.anyType.contains(node.operation) || !["", "ai.onnx.ml"].contains(node.domain)
  }

  /// Whether a node is an operator of the library without graphs in its attributes.
  private func isPlain(_ node: ONNXNode) -> Bool {
    guard functions[Self.key(node.domain, node.operation, node.overload)] == nil else { return false }
    return node.attributes.allSatisfy { attribute in
      switch attribute.value {
      case .graph, .graphs: false
      default: true
      }
    }
  }

  /// The slots of this graph that the graphs in a node's attributes read.
  private func captured(_ node: ONNXNode, _ names: Names) -> Set<Int> {
    var slots: Set<Int> = []
    func visit(_ graph: ONNXGraph) {
      for inner in graph.nodes {
        for input in inner.inputs { if let slot = names.slots[input] { slots.insert(slot) } }
        each(inner, visit)
      }
      for output in graph.outputs { if let slot = names.slots[output.name] { slots.insert(slot) } }
    }
    each(node, visit)
    return slots
  }

  private func each(_ node: ONNXNode, _ body: (ONNXGraph) -> Void) {
    for attribute in node.attributes {
      switch attribute.value {
      case .graph(let graph): body(graph)
      case .graphs(let graphs): graphs.forEach(body)
      default: break
      }
    }
  }

  private func place(_ name: String, _ names: Names, _ outer: [Names], _ label: String) throws -> GraphPlace {
    if let slot = names.slots[name] { return GraphPlace(level: 0, slot: slot) }
    for (level, names) in outer.enumerated() {
      if let slot = names.slots[name] { return GraphPlace(level: level + 1, slot: slot) }
    }
    throw GraphError.refused(node: label, reason: "nothing gives '\(name)'")
  }

  private func prepare(
    _ written: ONNXNode, _ scopes: [Names], _ setting: Setting
  ) throws -> GraphOperator.Evaluation {
    nodes += 1
    guard nodes <= limits.nodes else { throw GraphError.stepLimit(node: written.label, limit: limits.nodes) }
    let node = try resolved(written, setting)
    if let function = functions[Self.key(node.domain, node.operation, node.overload)] {
      return try call(function, node)
    }
    let version = setting.versions[node.domain] ?? 1
    guard let operation = library.operator(node.operation, domain: node.domain) else {
      throw GraphError.unknownOperator(
        node: node.label, name: node.operation, domain: node.domain, version: version)
    }
    counts[node.domain.isEmpty ? node.operation : "\(node.domain).\(node.operation)", default: 0] += 1
    guard operation.inputs.contains(node.inputs.count), node.outputs.count <= operation.outputs else {
      throw GraphError.refused(
        node: node.label,
        reason:
          "\(node.inputs.count) inputs and \(node.outputs.count) outputs, expected \(operation.inputs) and at most "
          + "\(operation.outputs)")
    }
    let view = GraphNode(
      node: node, version: version, subgraph: { [self] in try graph($0, outer: scopes, setting) }, load: loader.load)
    do { return try operation.prepare(view) } catch { throw PreparedGraph.located(error, node.label) }
  }

  /// The node with the attributes of the function's call in place of references to them.
  private func resolved(_ node: ONNXNode, _ setting: Setting) throws -> ONNXNode {
    guard node.attributes.contains(where: { if case .reference = $0.value { true } else { false } }) else {
      return node
    }
    let attributes = node.attributes.compactMap { attribute -> ONNXAttribute? in
      guard case .reference(let name) = attribute.value else { return attribute }
      // An attribute that the call leaves out is left out here too.
      return setting.arguments[name].map { ONNXAttribute(name: attribute.name, value: $0, offset: attribute.offset) }
    }
    var resolved = node
    resolved.attributes = attributes
    return resolved
  }

  /// A call of one of the model's own functions: a graph that sees nothing of the caller's.
  private func call(_ function: ONNXFunction, _ node: ONNXNode) throws -> GraphOperator.Evaluation {
    guard node.inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
      throw GraphError.refused(
        node: node.label,
        reason: "\(node.inputs.count) inputs and \(node.outputs.count) outputs for the function '\(function.name)'")
    }
    let sets = function.operatorSets.isEmpty ? model.operatorSets : function.operatorSets
    var setting = Setting(
      versions: Dictionary(sets.map { ($0.domain, $0.version) }, uniquingKeysWith: { first, _ in first }))
    for attribute in function.defaultAttributes { setting.arguments[attribute.name] = attribute.value }
    for attribute in node.attributes { setting.arguments[attribute.name] = attribute.value }
    for name in function.requiredAttributes where setting.arguments[name] == nil {
      throw GraphError.refused(node: node.label, reason: "the function's attribute '\(name)' is missing")
    }
    var names = Names()
    let inputs = function.inputs.map { names.define($0) }
    let body = try finish(
      function.nodes, &names, [], setting, [], inputNames: function.inputs, inputs, function.outputs)
    return { call in try body.evaluate(call.inputs, in: call.run, outer: nil) }
  }
}
