/// Names and their order, attributes and types.
extension MalformedONNX {
  static let graphs: [MalformedONNX] = [
    changed(.graph, "a node before its input", field: "graph.node[0]") { $0.nodes.swapAt(0, 1) },
    changed(.graph, "a cycle of two", field: "graph.node[0]") {
      $0.nodes = [
        ONNXImage.Node("Add", ["x", "b2"], ["a2"]), ONNXImage.Node("Relu", ["a2"], ["b2"]),
      ]
      $0.outputs = []
    },
    changed(.graph, "a node that needs itself", field: "graph.node[0]") {
      $0.nodes = [ONNXImage.Node("Relu", ["a2"], ["a2"])]
      $0.outputs = []
    },
    changed(.graph, "a cycle of a thousand", field: "graph.node[0]") {
      $0.nodes = (0..<1000).map { ONNXImage.Node("Relu", ["v\(($0 + 999) % 1000)"], ["v\($0)"]) }
      $0.outputs = []
    },
    changed(.graph, "an input that nobody gives", field: "graph.node[1]") { $0.nodes[1].inputs[1] = "absent" },
    changed(.graph, "an output that nobody gives", field: "graph.output[0]") { $0.outputs[0].name = "absent" },
    changed(.graph, "two nodes give one name", field: "graph.node[1]") { $0.nodes[1].outputs = ["product"] },
    changed(.graph, "a node gives one name twice", field: "graph.node[1]") { $0.nodes[1].outputs = ["sum", "sum"] },
    changed(.graph, "a node gives an input's name", field: "graph.node[1]") { $0.nodes[1].outputs = ["x"] },
    changed(.graph, "a node gives an initializer's name", field: "graph.node[1]") { $0.nodes[1].outputs = ["w"] },
    changed(.graph, "two inputs of one name", field: "graph.input[1]") { $0.inputs.append($0.inputs[0]) },
    changed(.graph, "two initializers of one name", field: "graph.initializer[1]") { $0.initializers[1].name = "w" },
    changed(.graph, "an initializer without a name", field: "graph.initializer[0].name") {
      $0.initializers[0].name = ""
    },
    changed(.graph, "an input without a name", field: "graph.input[0].name") { $0.inputs[0].name = "" },
    changed(.graph, "a node without an operator", field: "graph.node[0].op_type") { $0.nodes[0].operation = "" },
    changed(.graph, "an initializer of another type than its input", field: "graph.initializer[0]") {
      $0.inputs.append(("w", 7, [3, 2]))
    },
    changed(.graph, "an initializer of another shape than its input", field: "graph.initializer[0]") {
      $0.inputs.append(("w", 1, [2, 3]))
    },
    changed(.graph, "a branch that uses what comes later", field: "graph.node[3].then_branch.node[0]") {
      let graph = ProtobufBytes {
        $0.data(1, ONNXImage.Node("Relu", ["z"], ["taken"]).bytes)
        $0.data(12, ONNXImage.info("taken", 1, [2, 2]))
      }.bytes
      $0.nodes[3].attributes[0] = ONNXImage.attribute("then_branch", type: 5) { $0.data(6, graph) }
    },
    changed(.graph, "a branch whose output nobody gives", field: "graph.node[3].then_branch.output[0]") {
      let graph = ProtobufBytes { $0.data(12, ONNXImage.info("absent", 1, [2, 2])) }.bytes
      $0.nodes[3].attributes[0] = ONNXImage.attribute("then_branch", type: 5) { $0.data(6, graph) }
    },
    changed(.graph, "an inner name used outside", field: "graph.node[4]") { $0.nodes[4].inputs = ["taken"] },
    changed(.graph, "a function's output that nobody gives", field: "functions[0].output[0]") {
      $0.operatorSets.append(("own", 1))
      $0.modelExtra =
        ProtobufBytes { model in
          model.message(25) {
            $0.text(1, "F")
            $0.text(5, "b")
            $0.text(10, "own")
          }
        }.bytes
    },
    changed(.graph, "two functions of one name", field: "functions[1]") {
      $0.operatorSets.append(("own", 1))
      $0.modelExtra =
        ProtobufBytes { model in
          for _ in 0..<2 {
            model.message(25) {
              $0.text(1, "F"); $0.text(10, "own")
            }
          }
        }.bytes
    },
  ]

  static let attributes: [MalformedONNX] = [
    attribute("an attribute without a name", field: "attribute[0].name") {
      ONNXImage.attribute("", type: 1) { $0.float(2, 1) }
    },
    attribute("an attribute of type 99", field: "attribute[0]") {
      ONNXImage.attribute("alpha", type: 99) { $0.float(2, 1) }
    },
    attribute("a tensor that is not there", field: "attribute[0]") { ONNXImage.attribute("alpha", type: 4) { _ in } },
    attribute("a graph that is not there", field: "attribute[0]") { ONNXImage.attribute("alpha", type: 5) { _ in } },
    attribute("a float as a varint", field: "attribute[0].f") {
      ONNXImage.attribute("alpha", type: 1) { $0.int(2, 1) }
    },
    attribute("an int as bytes", field: "attribute[0].i") { ONNXImage.attribute("alpha", type: 2) { $0.text(3, "1") } },
    attribute("ints cut off", field: "attribute[0].ints") {
      ONNXImage.attribute("alpha", type: 7) { $0.data(8, [0xFF]) }
    },
    attribute("floats cut off", field: "attribute[0].floats") {
      ONNXImage.attribute("alpha", type: 6) { $0.data(7, [0, 0, 0]) }
    },
    attribute("a string that is not UTF-8", field: "attribute[0].s") {
      ONNXImage.attribute("alpha", type: 3) { $0.data(4, [0xFF, 0xFE]) }
    },
    attribute("a tensor twice", field: "attribute[0].t") {
      ONNXImage.attribute("alpha", type: 4) {
        for _ in 0..<2 { $0.data(5, ONNXImage.Tensor("", shape: [1], raw: [0, 0, 0, 0]).bytes) }
      }
    },
    changed(.attributes, "an attribute twice", field: "graph.node[4].attribute 'alpha'") {
      $0.nodes[4].attributes += $0.nodes[4].attributes
    },
    changed(.attributes, "an input of type 0", field: "graph.input[0].type.value.elem_type") { $0.inputs[0].type = 0 },
    changed(.attributes, "an input of type 4,096", field: "graph.input[0].type.value.elem_type") {
      $0.inputs[0].type = 4096
    },
    changed(.attributes, "an input of extent -2", field: "graph.input[0].type.value.shape.dim[0].dim_value") {
      $0.inputs[0].shape = [-2]
    },
    changed(.attributes, "an input of 1,000 axes", field: "graph.input[0].type.value.shape.dim") {
      $0.inputs[0].shape = [Int64](repeating: 1, count: 1000)
    },
    changed(.attributes, "a type of no kind", field: "graph.value_info[0].type.value") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(13) {
            $0.text(1, "v"); $0.data(2, [])
          }
        }.bytes
    },
    changed(.attributes, "an opaque type", field: "graph.value_info[0].type.value") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(13) {
            $0.text(1, "v"); $0.message(2) { $0.data(7, []) }
          }
        }.bytes
    },
    changed(.attributes, "a sequence of nothing", field: "graph.value_info[0].type.value.elem_type") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(13) {
            $0.text(1, "v"); $0.message(2) { $0.data(4, []) }
          }
        }.bytes
    },
  ]
}
