// The ONNX reader: whatever the bytes are, parsing gives a typed error or a graph in which every name is defined before
// its use and every tensor has as many bytes as its shape asks for.
import Formats
import VenturiTesting

func check(_ bytes: UnsafeRawBufferPointer) {
  let view = ByteView(bytes, keeper: nil)
  do throws(FormatError) {
    let model = try ONNXModel(view)
    for tensor in model.graph.initializers { hold(tensor) }
    var names = Set(model.graph.inputs.map(\.name) + model.graph.initializers.map(\.name))
    names.formUnion(model.graph.sparseInitializers.map(\.values.name))
    for node in model.graph.nodes {
      for input in node.inputs where !input.isEmpty && !names.contains(input) { fatalError("\(input) is not there") }
      for attribute in node.attributes { if case .tensor(let tensor) = attribute.value { hold(tensor) } }
      names.formUnion(node.outputs)
    }
    for output in model.graph.outputs where !names.contains(output.name) { fatalError("\(output.name) is not there") }
  } catch {
    if let offset = error.offset, !(0...bytes.count).contains(offset) { fatalError("no place: \(error)") }
    guard !error.field.isEmpty, !error.description.isEmpty else { fatalError("no field: \(error)") }
  }
  let type = ONNXType.sequence(.optional(.tensor(.float32, shape: nil)))
  for type in [type, .optional(type), .tensor(.float32, shape: nil)] { _ = try? ONNXValue(view, as: type) }
}

private func hold(_ tensor: ONNXTensor) {
  switch tensor.data {
  case .raw(let data): if data.count != tensor.byteCount { fatalError("\(data.count) bytes for \(tensor.shape)") }
  case .strings(let strings): if strings.count != tensor.count { fatalError("strings for \(tensor.shape)") }
  default: break
  }
}

func seeds() -> [[UInt8]] {
  [ONNXImage.base.bytes] + MalformedONNX.all.map(\.bytes).filter { $0.count <= 8192 }
}
