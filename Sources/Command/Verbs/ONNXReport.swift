import Profiling
import Venturi

/// What `show` says about an ONNX file.
struct ONNXReport {
  let path: String
  let model: ONNXModel
  let fileBytes: Int

  /// Operators with how often they occur, in graphs of attributes and functions too.
  private var operators: [(name: String, count: Int)] {
    var counts: [String: Int] = [:]
    func visit(_ nodes: [ONNXNode]) {
      for node in nodes {
        counts[node.domain.isEmpty ? node.operation : "\(node.domain).\(node.operation)", default: 0] += 1
        for attribute in node.attributes {
          switch attribute.value {
          case .graph(let graph): visit(graph.nodes)
          case .graphs(let graphs): for graph in graphs { visit(graph.nodes) }
          default: break
          }
        }
      }
    }
    visit(model.graph.nodes)
    for function in model.functions { visit(function.nodes) }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }

  private var missing: [String] {
    let known = Set(OperatorLibrary.standard.names)
    let own = Set(model.functions.map { $0.domain.isEmpty ? $0.name : "\($0.domain).\($0.name)" })
    return operators.map(\.name).filter { !known.contains($0) && !own.contains($0) }
  }

  private var parameters: Int { model.graph.initializers.reduce(0) { $0 + $1.count } }

  /// Inputs without those that have a default.
  private var inputs: [ONNXValueInfo] {
    let defaults = Set(model.graph.initializers.map(\.name))
    return model.graph.inputs.filter { !defaults.contains($0.name) }
  }

  func json(tensors: Bool) -> JSON {
    func list(_ infos: [ONNXValueInfo]) -> JSON {
      .array(infos.map { ["name": .string($0.name), "type": .string($0.type?.description ?? "unknown")] })
    }
    var members: [JSON.Member] = [
      JSON.Member("path", .string(path)), JSON.Member("format", .string("onnx")),
      JSON.Member("fileBytes", .integer(fileBytes)), JSON.Member("formatVersion", .integer(Int(model.formatVersion))),
      JSON.Member("producer", .string(model.producer)),
      JSON.Member(
        "operatorSets",
        .array(
          model.operatorSets.map {
            ["domain": .string($0.domain.isEmpty ? "ai.onnx" : $0.domain), "version": .integer(Int($0.version))]
          })),
      JSON.Member("parameters", .integer(parameters)), JSON.Member("inputs", list(inputs)),
      JSON.Member("outputs", list(model.graph.outputs)),
      JSON.Member("ops", .object(operators.map { JSON.Member($0.name, .integer($0.count)) })),
      JSON.Member("missingOps", .array(missing.map { .string($0) })),
    ]
    if tensors {
      members.append(
        JSON.Member(
          "tensors",
          .array(
            model.graph.initializers.map {
              [
                "name": .string($0.name), "type": .string($0.type.name),
                "shape": .array($0.shape.map { .integer($0) }), "bytes": .integer($0.byteCount),
              ]
            })))
    }
    return .object(members)
  }

  func text(tensors: Bool) -> String {
    let sets = model.operatorSets.map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }
    var blocks = [
      Human.table([
        ["file", path], ["size", Human.bytes(fileBytes)], ["format", "ONNX \(model.formatVersion), \(model.producer)"],
        ["operators", sets.joined(separator: ", ")], ["parameters", "\(Human.fixed(Double(parameters) / 1e6, 1)) M"],
        ["not runnable", missing.isEmpty ? "nothing" : missing.joined(separator: ", ")],
      ]),
      Human.table(
        inputs.map { ["input", $0.name, $0.type?.description ?? "unknown"] }
          + model.graph.outputs.map { ["output", $0.name, $0.type?.description ?? "unknown"] }),
      Human.table([["operator", "nodes"]] + operators.map { [$0.name, "\($0.count)"] }, numeric: [1]),
    ]
    if tensors {
      blocks.append(
        Human.table(model.graph.initializers.map { [$0.name, $0.type.name, "\($0.shape)", Human.bytes($0.byteCount)] }))
    }
    return blocks.joined(separator: "\n\n")
  }
}
