// The executor: whatever a model says, making it ready and running it gives a typed error or outputs, within little memory
// and few steps. Starts from the models of the onnx package's cases, where they are there (`make cases`).
import Formats
import Glibc
import Graphs
import NumericTypes
import Tensors
import VenturiTesting

nonisolated(unsafe) private let context = Context(threads: 1, allocator: Allocator(cacheLimit: 1 << 20))

func check(_ bytes: UnsafeRawBufferPointer) {
  var limits = GraphLimits()
  limits.memory = 4 << 20
  limits.steps = 200
  limits.nodes = 500
  do {
    let model = try ONNXModel(ByteView(bytes, keeper: nil))
    // Big kernels on big images are slow, not wrong.
    guard model.graph.nodes.count < 50 else { return }
    let graph = try Graph(model, limits: limits, context: context)
    var values: [String: GraphValue] = [:]
    for info in model.graph.inputs { if let type = info.type { values[info.name] = try value(of: type) } }
    if !model.canOverrideInitializers { for tensor in model.graph.initializers { values[tensor.name] = nil } }
    _ = try graph.run(values, context: context)
  } catch {
    switch error {
    case let error as FormatError where !error.field.isEmpty: break
    case let error as GraphError where !error.description.isEmpty: break
    case is TensorError: break
    default: fatalError("\(type(of: error)): \(error)")
    }
  }
}

/// A value of a type: small numbers, extents that are not known being 2.
private func value(of type: ONNXType) throws -> GraphValue? {
  switch type {
  case .tensor(let element, let extents):
    let shape = (extents ?? []).map { extent in if case .known(let value) = extent { min(value, 64) } else { 2 } }
    guard shape.reduce(1, *) <= 4096 else { return nil }
    let count = shape.reduce(1, *)
    if element == .string { return .tensor(GraphTensor(strings: (0..<count).map { "w\($0)" }, shape: shape)) }
    let numbers = ByteView(copying: (0..<(count * element.bits + 7) / 8).map { UInt8(truncatingIfNeeded: $0 * 37) })
    let floats = (0..<count).map { Float($0 % 7) - 2 }
    if element == .float32 { return .tensor(GraphTensor(context.tensor(floats, Shape(shape)))) }
    let raw = ProtobufBytes {
      $0.packed(1, shape.map { Int64($0) })
      $0.int(2, Int64(element.rawValue))
      $0.data(9, element == .int64 ? (0..<count).flatMap { GGUFBytes.u64(UInt64($0 % 3)) } : Array(numbers.unsafeBytes))
    }
    return try Graph.value(ONNXValue(ByteView(copying: raw.bytes), as: type), context: context)
  case .sequence(let element): return .sequence([try value(of: element), try value(of: element)].compactMap { $0 })
  case .optional(let element): return .optional(try value(of: element))
  case .sparseTensor, .map: return nil
  }
}

func seeds() -> [[UInt8]] {
  let home = getenv("VENTURI_HOME").map { String(cString: $0) }
  let folder = "\(home ?? String(cString: getenv("HOME")) + "/.cache/venturi")/cases/onnx"
  let models = ConformanceSuite(folder: folder).cases.compactMap { test -> [UInt8]? in
    guard let file = fopen(test.model, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 8193)
    let count = fread(&bytes, 1, bytes.count, file)
    return count <= 8192 ? Array(bytes[..<count]) : nil
  }
  return [ONNXImage.base.bytes] + models
}
