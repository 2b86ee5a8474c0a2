import Formats
import Graphs
import NumericTypes
import Tensors
import Testing
import VenturiTesting

@Suite("Graphs: running")
struct GraphTests {
  private let context = Context(threads: 2)

  private func graph(_ image: ONNXImage, limits: GraphLimits = GraphLimits()) throws -> Graph {
    try Graph(ONNXModel(ByteView(copying: image.bytes)), limits: limits, context: context)
  }

  private func tensor(_ values: [Float], _ shape: Shape) -> GraphValue {
    .tensor(GraphTensor(context.tensor(values, shape)))
  }

  @Test("Nodes, constants and a branch give what they should")
  func base() throws {
    let graph = try graph(.base)
    #expect(graph.inputs == ["x"] && graph.outputs == ["y", "z"])
    #expect(graph.operators == ["MatMul": 1, "Add": 1, "Constant": 1, "If": 1, "Relu": 2, "LeakyRelu": 1])
    let result = try graph.run(["x": tensor([1, 0, -1, 0, 1, -1], [2, 3])], context: context)
    // x · w is [[1 - 5, 2 - 6], [3 - 5, 4 - 6]].
    #expect(result.outputs["y"]?.tensor?.values(Float.self) == [0, 0, 0, 0])
    #expect(result.outputs["z"]?.tensor?.values(Float.self) == [-0.875, -1.125, -0.375, -0.625])
    #expect(!result.isRandom)
  }

  @Test("A function of the model's own sees its attributes and nothing else")
  func functions() throws {
    var image = ONNXImage()
    image.operatorSets = [("", 21), ("own", 1)]
    image.inputs = [("x", 1, [2])]
    image.outputs = [("y", 1, [2])]
    var call = ONNXImage.Node(
      "Leak", ["x"], ["y"], attributes: [ONNXImage.attribute("slope", type: 1) { $0.float(2, 0.5) }])
    call.domain = "own"
    image.nodes = [call]
    image.modelExtra =
      ProtobufBytes { model in
        model.message(25) { function in
          function.text(1, "Leak")
          function.text(4, "a")
          function.text(5, "b")
          function.text(6, "slope")
          let attribute = ProtobufBytes {
            $0.text(1, "alpha"); $0.text(21, "slope"); $0.int(20, 1)
          }.bytes
          function.data(7, ONNXImage.Node("LeakyRelu", ["a"], ["b"], attributes: [attribute]).bytes)
          function.message(9) { $0.int(2, 21) }
          function.text(10, "own")
        }
      }.bytes
    let result = try graph(image).run(["x": tensor([-2, 2], [2])], context: context)
    #expect(result.outputs["y"]?.tensor?.values(Float.self) == [-1, 2])
    image.nodes[0].attributes = []
    #expect(throws: GraphError.self) { _ = try graph(image) }
  }

  @Test("Functions that call each other twice do not grow without bound")
  func manyCalls() throws {
    var image = ONNXImage()
    image.operatorSets = [("", 21), ("own", 1)]
    image.inputs = [("x", 1, [1])]
    image.outputs = [("y", 1, [1])]
    func call(_ name: String, _ input: String, _ output: String) -> ONNXImage.Node {
      var node = ONNXImage.Node(name, [input], [output])
      node.domain = "own"
      return node
    }
    image.nodes = [call("F40", "x", "y")]
    image.modelExtra =
      ProtobufBytes { model in
        for level in 1...40 {
          model.message(25) { function in
            function.text(1, "F\(level)")
            function.text(4, "a")
            function.text(5, "c")
            let inner = level == 1 ? ONNXImage.Node("Neg", ["a"], ["b"]) : call("F\(level - 1)", "a", "b")
            let second = level == 1 ? ONNXImage.Node("Neg", ["b"], ["c"]) : call("F\(level - 1)", "b", "c")
            function.data(7, inner.bytes)
            function.data(7, second.bytes)
            function.text(10, "own")
          }
        }
      }.bytes
    var limits = GraphLimits()
    limits.nodes = 10_000
    #expect { _ = try graph(image, limits: limits) } throws: { error in
      if case GraphError.stepLimit(_, 10_000) = error { true } else { false }
    }
  }

  @Test("What does not fit is refused by the name of its node")
  func refusals() throws {
    var image = ONNXImage.base
    image.nodes[4].operation = "NoSuchOperator"
    #expect { _ = try graph(image) } throws: { error in
      if case GraphError.unknownOperator(_, "NoSuchOperator", "", 21) = error { true } else { false }
    }
    image = .base
    image.nodes[1].inputs[1] = "axes"
    #expect { _ = try graph(image).run(["x": tensor([0, 0, 0, 0, 0, 0], [2, 3])], context: context) } throws: { error in
      if case GraphError.refused(let node, _) = error { node.contains("Add") } else { false }
    }
    #expect { _ = try graph(.base).run(["x": tensor([0, 0], [1, 2])], context: context) } throws: { error in
      if case GraphError.badInput("x", _) = error { true } else { false }
    }
    #expect { _ = try graph(.base).run([:], context: context) } throws: { error in
      if case GraphError.badInput("x", _) = error { true } else { false }
    }
    #expect(throws: GraphError.cancelled) {
      _ = try graph(.base).run(["x": tensor([0, 0, 0, 0, 0, 0], [2, 3])], context: context, isCancelled: { true })
    }
  }

  @Test("Sizes that come from data are bounded, and so are loops")
  func bounds() throws {
    var image = ONNXImage()
    image.inputs = [("n", 7, [2])]
    image.outputs = [("y", 1, [])]
    image.nodes = [ONNXImage.Node("ConstantOfShape", ["n"], ["y"])]
    func sizes(_ values: [Int64]) throws -> GraphValue {
      let bytes = ONNXImage.Tensor("", type: 7, shape: [2]) { $0.packed(7, values) }.bytes
      return try Graph.value(ONNXValue(ByteView(copying: bytes), as: .tensor(.int64, shape: nil)), context: context)
    }
    let filled = try graph(image)
    #expect(try filled.run(["n": sizes([2, 3])], context: context).outputs["y"]?.tensor?.shape == [2, 3])
    for values: [Int64] in [[1 << 40, 1 << 40], [.max, .max], [-1, 2], [1 << 62, 0], [1 << 35, 1]] {
      #expect(throws: GraphError.self, "\(values)") { _ = try filled.run(["n": sizes(values)], context: context) }
    }
    let body = ProtobufBytes { graph in
      graph.data(1, ONNXImage.Node("Identity", ["on"], ["next"]).bytes)
      graph.data(11, ONNXImage.info("turn", 7, []))
      graph.data(11, ONNXImage.info("on", 9, []))
      graph.data(12, ONNXImage.info("next", 9, []))
    }.bytes
    image = ONNXImage()
    image.nodes = [
      ONNXImage.Node("Loop", ["", ""], [], attributes: [ONNXImage.attribute("body", type: 5) { $0.data(6, body) }])
    ]
    var limits = GraphLimits()
    limits.steps = 1000
    #expect { _ = try graph(image, limits: limits).run([:], context: context) } throws: { error in
      if case GraphError.stepLimit(_, 1000) = error { true } else { false }
    }
  }

  @Test("A program's own operator is found like any other")
  func ownOperator() throws {
    var library = OperatorLibrary.standard
    library.add(
      GraphOperator("Twice", domain: "own", inputs: 1...1) { node in
        let factor = try node.float("factor", 2)
        return { call in
          let x = try call.tensor(0)
          return [.tensor(try call.tensor(.float32, x.shape, x.doubles.map { Double(factor) * $0 }))]
        }
      })
    var image = ONNXImage()
    image.operatorSets.append(("own", 1))
    image.inputs = [("x", 1, [2])]
    image.outputs = [("y", 1, [2])]
    image.nodes = [ONNXImage.Node("Twice", ["x"], ["y"])]
    image.nodes[0].domain = "own"
    let graph = try Graph(ONNXModel(ByteView(copying: image.bytes)), library: library, context: context)
    let result = try graph.run(["x": tensor([1, -3], [2])], context: context)
    #expect(result.outputs["y"]?.tensor?.values(Float.self) == [2, -6])
  }

  @Test("Every valid file that differs in one bit runs or is refused")
  func bitFlips() throws {
    var bytes = ONNXImage.base.bytes
    var (ran, refused) = (0, 0)
    for bit in 0..<8 * bytes.count {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
      do {
        let model = try ONNXModel(ByteView(copying: bytes))
        _ = try Graph(model, context: context).run(["x": tensor([1, 0, -1, 0, 1, -1], [2, 3])], context: context)
        ran += 1
      } catch {
        #expect(error is FormatError || error is GraphError, "bit \(bit): \(error)")
        refused += 1
      }
    }
    #expect(ran > 500 && refused > 1000)
  }
}
