import Formats
import NumericTypes
import Tensors

/// Runs test cases of the `onnx` package with the bars of that package: numbers within 1e-7 + 1e-3 · |expected|, all else
/// equal.
public struct ConformanceSuite: Sendable {
  /// The cases.
  public let cases: [ConformanceCase]
  private let library: OperatorLibrary

  /// Operators that are not claimed though the library has them: what they give is random.
  public static let random: Set<String> = [
    "Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
  ]

  /// Cases whose files contradict the standard, with what is wrong in them.
  public static let exceptions: [String: String] = {
    let noise = "zeros are expected as 1.9e-7, rounding noise above the bar of 1e-7"
    let wraps = "expected values wrap around where the standard asks for saturation"
    return [
      "test_dft_inverse": noise, "test_dft_inverse_opset19": noise, "test_qlinearmatmul_2D_int8_float16": wraps,
      "test_qlinearmatmul_2D_int8_float32": wraps, "test_qlinearmatmul_3D_int8_float16": wraps,
      "test_qlinearmatmul_3D_int8_float32": wraps,
      "test_adam_multiple": "expected values were made with an epsilon of 0.01 that the model does not have",
    ]
  }()

  /// The cases below a folder whose names contain `filter`.
  public init(folder: String, filter: String = "", library: OperatorLibrary = .standard) {
    cases = ConformanceCase.all(in: folder).filter { filter.isEmpty || "\($0.group)/\($0.name)".contains(filter) }
    self.library = library
  }

  /// Runs the cases in order.
  ///
  /// - Parameters:
  ///   - report: called after each case; gives whether to go on.
  public func run(context: Context, report: (ConformanceResult) -> Bool = { _ in true }) -> [ConformanceResult] {
    var results: [ConformanceResult] = []
    for test in cases {
      let result = run(test, context: context)
      results.append(result)
      if !report(result) { break }
    }
    return results
  }

  /// Runs one case.
  public func run(_ test: ConformanceCase, context: Context) -> ConformanceResult {
    var operators: [String] = []
    do {
      let model = try ONNXModel(try Self.bytes(test.model))
      operators = Self.operators(in: model)
      let folder = test.model.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      let graph = try Graph(model, folder: folder, library: library, context: context)
      var verdict = try verdict(test, model, graph, context)
      if case .failed = verdict, let reason = Self.exceptions[test.name] { verdict = .skipped(reason) }
      return ConformanceResult(test: test, operators: operators, verdict: verdict)
    } catch let error as GraphError {
      if case .unknownOperator(_, let name, _, _) = error {
        return ConformanceResult(test: test, operators: operators, verdict: .skipped("no operator \(name)"))
      }
      return ConformanceResult(test: test, operators: operators, verdict: .failed("\(error)"))
    } catch {
      return ConformanceResult(test: test, operators: operators, verdict: .failed("\(error)"))
    }
  }

  private func verdict(
    _ test: ConformanceCase, _ model: ONNXModel, _ graph: Graph, _ context: Context
  ) throws -> ConformanceResult.Verdict {
    let tolerance = test.name.hasSuffix("densenet121") ? 2e-3 : 1e-3
    if test.sets.isEmpty {
      guard !test.outputs.isEmpty else { return .failed("there is nothing to compare with") }
      let inputs = try Self.ramp(model, graph, context)
      return try compare(inputs, test.outputs, model, graph, context, tolerance)
    }
    for set in test.sets {
      let files = ConformanceCase.files(set, "input")
      var inputs: [String: GraphValue] = [:]
      guard files.count <= model.graph.inputs.count else { return .failed("\(files.count) inputs") }
      for (info, file) in zip(model.graph.inputs, files) {
        guard let type = info.type else { return .failed("the input '\(info.name)' has no type") }
        inputs[info.name] = try Graph.value(ONNXValue(try Self.bytes(file), as: type), context: context)
      }
      let expected = ConformanceCase.files(set, "output")
      guard !expected.isEmpty else { return .failed("there is nothing to compare with in \(set)") }
      let verdict = try compare(inputs, expected, model, graph, context, tolerance)
      if verdict != .passed { return verdict }
    }
    return .passed
  }

  private func compare(
    _ inputs: [String: GraphValue], _ files: [String], _ model: ONNXModel, _ graph: Graph, _ context: Context,
    _ tolerance: Double
  ) throws -> ConformanceResult.Verdict {
    let (outputs, isRandom) = try graph.run(inputs, context: context)
    guard files.count <= model.graph.outputs.count else { return .failed("\(files.count) outputs") }
    for (info, file) in zip(model.graph.outputs, files) {
      guard let type = info.type else { return .failed("the output '\(info.name)' has no type") }
      let expected = try Graph.value(ONNXValue(try Self.bytes(file), as: type), context: context)
      guard let found = outputs[info.name] else { return .failed("the output '\(info.name)' is missing") }
      if let difference = ConformanceComparison(tolerance: tolerance, shapesOnly: isRandom).difference(found, expected)
      {
        return .failed("'\(info.name)': \(difference)")
      }
    }
    return isRandom ? .skipped("the outputs are random; their types and shapes agree") : .passed
  }

  /// The input of the models without test data: numbers from 0 to 1 in order.
  private static func ramp(_ model: ONNXModel, _ graph: Graph, _ context: Context) throws -> [String: GraphValue] {
    var inputs: [String: GraphValue] = [:]
    for info in model.graph.inputs where graph.inputs.contains(info.name) {
      guard case .tensor(.float32, let extents?)? = info.type else {
        throw GraphError.badInput(name: info.name, reason: "no f32 tensor of a known shape")
      }
      let shape = extents.map { extent in if case .known(let value) = extent { value } else { 1 } }
      let count = shape.reduce(1, *)
      let numbers = (0..<count).map { Float(Double($0) / Double(count)) }
      inputs[info.name] = .tensor(GraphTensor(context.tensor(numbers, Shape(shape))))
    }
    return inputs
  }

  private static func bytes(_ path: String) throws -> ByteView {
    let storage = try Storage(mapping: path)
    return ByteView(storage.bytes, keeper: storage)
  }

  /// All operators of a model, those in inner graphs and functions too.
  static func operators(in model: ONNXModel) -> [String] {
    var names: Set<String> = []
    func visit(_ nodes: [ONNXNode]) {
      for node in nodes {
        names.insert(node.domain.isEmpty ? node.operation : "\(node.domain).\(node.operation)")
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
    return names.sorted()
  }
}
