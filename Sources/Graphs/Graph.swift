import Formats
import Tensors

/// An ONNX model ready to run: operators found, attributes read, constants in memory.
///
/// ```swift
/// let graph = try Graph(ONNXModel(bytes), context: context)
/// let outputs = try graph.run(["x": .tensor(x)], context: context)
/// ```
public final class Graph: @unchecked Sendable {
  private let prepared: PreparedGraph
  private let inputInfos: [ONNXValueInfo]
  private let defaults: Set<String>
  /// Inputs with a default that no other value may replace.
  private let fixed: Set<String>
  private let limits: GraphLimits
  /// The operators with how often they occur; functions of the model's own are counted by what is in them.
  public let operators: [String: Int]

  /// Makes a model ready.
  ///
  /// - Parameters:
  ///   - folder: where the files with external data are.
  /// - Throws: ``GraphError`` for an operator or attribute that is not known, `FormatError`, `TensorError`.
  public convenience init(
    _ model: ONNXModel, folder: String? = nil, library: OperatorLibrary = .standard,
    limits: GraphLimits = GraphLimits(),
    context: Context
  ) throws {
    var external: ((ONNXTensor, ONNXExternalData) throws -> ByteView)?
    if let folder {
      let files = ExternalFiles(folder: folder, limits: limits)
      external = { tensor, place in try files.bytes(of: tensor, at: place) }
    }
    let loader = TensorLoader(allocator: context.allocator, limits: limits, external: external)
    try self.init(model, library: library, limits: limits, loader: loader, context: context)
  }

  private init(
    _ model: ONNXModel, library: OperatorLibrary, limits: GraphLimits, loader: TensorLoader,
    context: Context
  ) throws {
    let builder = GraphBuilder(model, library: library, limits: limits, loader: loader, context: context)
    prepared = try builder.main()
    operators = builder.counts
    inputInfos = model.graph.inputs
    defaults = Set(model.graph.initializers.map(\.name))
    fixed = model.canOverrideInitializers ? [] : defaults
    self.limits = limits
  }

  /// The names of the inputs that have no default, in order.
  public var inputs: [String] { inputInfos.map(\.name).filter { !defaults.contains($0) } }
  /// The names of the outputs, in order.
  public var outputs: [String] { prepared.outputNames }

  /// Runs the graph.
  ///
  /// - Parameters:
  ///   - values: the inputs by name; those with a default may be left out.
  ///   - isCancelled: asked before every node.
  /// - Returns: the outputs by name, and whether they are random.
  /// - Throws: ``GraphError``.
  public func run(
    _ values: [String: GraphValue], context: Context, isCancelled: @escaping () -> Bool = { false }
  ) throws -> (outputs: [String: GraphValue], isRandom: Bool) {
    let known = Set(prepared.inputNames)
    for name in values.keys where !known.contains(name) && !defaults.contains(name) {
      throw GraphError.badInput(name: name, reason: "the graph has no such input")
    }
    for name in fixed where values[name] != nil {
      throw GraphError.badInput(name: name, reason: "it is a constant of the graph")
    }
    for info in inputInfos { try check(values[info.name], info) }
    let run = GraphRun(context: context, limits: limits, isCancelled: isCancelled)
    let results = try prepared.evaluate(prepared.inputNames.map { values[$0] }, in: run, outer: nil)
    var outputs: [String: GraphValue] = [:]
    for (name, value) in zip(prepared.outputNames, results) { if let value { outputs[name] = value } }
    return (outputs, run.drewRandomNumbers)
  }

  /// Refuses an input that is not of the declared type.
  private func check(_ value: GraphValue?, _ info: ONNXValueInfo) throws(GraphError) {
    guard let value else {
      if defaults.contains(info.name) { return }
      if case .optional? = info.type { return }
      throw .badInput(name: info.name, reason: "it is missing")
    }
    switch (info.type, value) {
    case (.tensor(let type, let shape)?, .tensor(let tensor)):
      guard tensor.type == type else {
        throw .badInput(name: info.name, reason: "\(tensor.type.name) where \(type.name) is expected")
      }
      guard let shape else { return }
      let fits =
        shape.count == tensor.shape.count
        && zip(shape, tensor.shape).allSatisfy { extent, own in
          if case .known(let value) = extent { value == own } else { true }
        }
      guard fits else {
        throw .badInput(
          name: info.name, reason: "shape \(tensor.shape) where \(info.type?.description ?? "") is expected")
      }
    case (.tensor?, _): throw .badInput(name: info.name, reason: "\(value.kind) where a tensor is expected")
    case (.sequence?, .tensor): throw .badInput(name: info.name, reason: "a tensor where a sequence is expected")
    default: break
    }
  }

  /// The values of a file, for a run: an input or an expected output of a test case.
  ///
  /// - Throws: `TensorError` where there is no memory.
  public static func value(
    _ value: ONNXValue, context: Context, limits: GraphLimits = GraphLimits()
  ) throws -> GraphValue {
    let loader = TensorLoader(allocator: context.allocator, limits: limits, external: nil)
    func convert(_ value: ONNXValue) throws -> GraphValue {
      switch value {
      case .tensor(let tensor): .tensor(try loader.load(tensor))
      case .sequence(let values): .sequence(try values.map(convert))
      case .optional(let value): .optional(try value.map(convert))
      }
    }
    return try convert(value)
  }
}
