/// Bytes that are no messages, and lengths that lie.
extension MalformedONNX {
  static let wires: [MalformedONNX] = [
    bytes(.wire, "empty", field: "ir_version") { [] },
    bytes(.wire, "zeros", field: "model") { [UInt8](repeating: 0, count: 64) },
    bytes(.wire, "text", field: "model") { Array("not a model, but some text".utf8) },
    bytes(.wire, "field number 0", field: "model") { ONNXImage.base.bytes + [0x00, 0x01] },
    bytes(.wire, "field number 2^29", field: "model") {
      ONNXImage.base.bytes + ProtobufBytes.varint(1 << 32) + [0x01]
    },
    bytes(.wire, "a group begins", field: "model") { ONNXImage.base.bytes + [0x0B] },
    bytes(.wire, "a group ends", field: "model") { ONNXImage.base.bytes + [0x0C] },
    bytes(.wire, "wire type 6", field: "model") { ONNXImage.base.bytes + [0x0E, 0x00] },
    bytes(.wire, "wire type 7", field: "model") { ONNXImage.base.bytes + [0x0F, 0x00] },
    bytes(.wire, "varint of eleven bytes", field: "model") {
      [0x08] + [UInt8](repeating: 0xFF, count: 10) + [0x01]
    },
    bytes(.wire, "varint above 64 bits", field: "model") { [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02] },
    bytes(.wire, "varint that never ends", field: "model") { [0x08] + [UInt8](repeating: 0x80, count: 4096) },
    bytes(.wire, "fixed number cut off", field: "model") { ONNXImage.base.bytes + [0xF9, 0x07, 1, 2, 3] },
    bytes(.wire, "version as text", field: "ir_version") { ProtobufBytes { $0.text(1, "10") }.bytes },
    bytes(.wire, "graph as a number", field: "graph") {
      ProtobufBytes {
        $0.int(1, 10); $0.int(7, 1)
      }.bytes
    },
    changed(.wire, "name that is not UTF-8", field: "graph.name") {
      $0.graphExtra = ProtobufBytes { $0.data(2, [0xC3, 0x28]) }.bytes
    },
    changed(.wire, "graph twice", field: "graph") { image in
      let graph = image.graph
      image.modelExtra = ProtobufBytes { $0.data(7, graph) }.bytes
    },
  ]

  static let lengths: [MalformedONNX] =
    ([1 << 7, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, .max] as [UInt64]).map { length in
      bytes(.lengths, "graph of \(length) bytes", field: "model (field 7)") {
        ProtobufBytes {
          $0.int(1, 10); $0.data(7, [0x0A, 0x00], length: length)
        }.bytes
      }
    }
    + ([5, 1 << 40, .max] as [UInt64]).map { length in
      changed(.lengths, "node of \(length) bytes", field: "graph (field 1)") {
        $0.graphExtra = ProtobufBytes { $0.data(1, [0x22, 0x00], length: length) }.bytes
      }
    }
    + [
      changed(.lengths, "packed numbers cut in a number", field: "graph.initializer[3].float_data") {
        $0.initializers.append(ONNXImage.Tensor("v", shape: [1]) { $0.data(4, [0, 0, 0, 0, 0, 0]) })
      },
      changed(.lengths, "packed varint cut off", field: "graph.initializer[3].int64_data") {
        $0.initializers.append(ONNXImage.Tensor("v", type: 7, shape: [1]) { $0.data(7, [0x80, 0x80]) })
      },
      changed(.lengths, "a name of two megabytes", field: "graph.name") {
        $0.graphExtra = ProtobufBytes { $0.data(2, [UInt8](repeating: 0x61, count: 2 << 20)) }.bytes
      },
      changed(.lengths, "a hundred thousand empty descriptions", field: "graph") {
        $0.graphExtra = [UInt8]((0..<100_000).flatMap { _ in [0x6A, 0x00] as [UInt8] })
      },
    ]

  static let versions: [MalformedONNX] =
    ([0, -1, 1 << 40] as [Int64]).map { version in
      changed(.versions, "format version \(version)", field: "ir_version") { $0.formatVersion = version }
    }
    + ([0, -1, 29, 999, .max] as [Int64]).map { version in
      changed(.versions, "operator set \(version)", field: "opset_import[0].version") {
        $0.operatorSets = [("", version)]
      }
    }
    + [
      changed(.versions, "operator set of another domain 2^40", field: "opset_import[1].version") {
        $0.operatorSets.append(("own", 1 << 40))
      },
      changed(.versions, "no operator set", field: "opset_import") {
        $0.operatorSets = []
        $0.nodes = []
        $0.outputs = []
      },
      changed(.versions, "an operator set twice", field: "opset_import") {
        $0.operatorSets = [("", 21), ("ai.onnx", 20)]
      },
      changed(.versions, "training information", field: "training_info") {
        $0.modelExtra = ProtobufBytes { $0.data(20, []) }.bytes
      },
      changed(.versions, "a domain that is not imported", field: "graph.node[0]") { $0.nodes[0].domain = "own" },
      bytes(.versions, "no graph", field: "graph") {
        ProtobufBytes {
          $0.int(1, 10); $0.message(8) { $0.int(2, 21) }
        }.bytes
      },
    ]

  static let nestings: [MalformedONNX] =
    ([40, 1000, 10_000] as [Int]).map { depth in
      bytes(.nesting, "graphs \(depth) deep", field: "") {
        // From the inside out: a graph in an attribute of a node of a graph.
        var graph = ProtobufBytes { $0.text(2, "g") }.bytes
        for _ in 0..<depth {
          let inner = graph
          let attribute = ONNXImage.attribute("body", type: 5) { $0.data(6, inner) }
          let node = ONNXImage.Node("Loop", ["", ""], [], attributes: [attribute])
          graph = ProtobufBytes { $0.data(1, node.bytes) }.bytes
        }
        let outer = graph
        return ProtobufBytes {
          $0.int(1, 10); $0.message(8) { $0.int(2, 21) }; $0.data(7, outer)
        }.bytes
      }
    }
    + [
      changed(.nesting, "types 5,000 deep", field: "") {
        var type = ProtobufBytes { $0.message(1) { $0.int(1, 1) } }.bytes
        for _ in 0..<5000 {
          let inner = type
          type = ProtobufBytes { $0.message(4) { $0.data(1, inner) } }.bytes
        }
        let outer = type
        $0.graphExtra =
          ProtobufBytes {
            $0.message(13) {
              $0.text(1, "v"); $0.data(2, outer)
            }
          }.bytes
      },
      changed(.nesting, "functions that call each other", field: "functions[0]") {
        $0.operatorSets.append(("own", 1))
        $0.modelExtra =
          ProtobufBytes { model in
            for (own, other) in [("F", "G"), ("G", "F")] {
              model.message(25) { function in
                function.text(1, own)
                function.text(4, "a")
                function.text(5, "b")
                function.text(10, "own")
                var call = ONNXImage.Node(other, ["a"], ["b"])
                call.domain = "own"
                function.data(7, call.bytes)
                function.message(9) {
                  $0.text(1, "own"); $0.int(2, 1)
                }
              }
            }
          }.bytes
      },
      changed(.nesting, "a function that calls itself", field: "functions[0]") {
        $0.operatorSets.append(("own", 1))
        $0.modelExtra =
          ProtobufBytes { model in
            model.message(25) { function in
              function.text(1, "F")
              function.text(4, "a")
              function.text(5, "b")
              function.text(10, "own")
              var call = ONNXImage.Node("F", ["a"], ["b"])
              call.domain = "own"
              function.data(7, call.bytes)
              function.message(9) {
                $0.text(1, "own"); $0.int(2, 1)
              }
            }
          }.bytes
      },
    ]
}
