import NumericTypes
import Tensors

/// A weight that is trained: its name and the tensor that is changed in place.
public struct Parameter: Sendable {
  /// The name, by which gradients and state are found.
  public let name: String
  /// The weights: contiguous f32, or bf16 with f32 weights kept by the optimizer.
  public let value: Tensor

  /// A parameter of the given name.
  public init(_ name: String, _ value: Tensor) {
    self.name = name
    self.value = value
  }

  /// Whether the weights can be written where they lie.
  func checkUsable() throws(OptimizerError) {
    if name.isEmpty { throw .unusable(name: "a parameter", reason: "it has no name") }
    if value.dtype != .f32 && value.dtype != .bf16 {
      throw .unusable(name: name, reason: "its type is \(value.dtype.displayName), not F32 or BF16")
    }
    if !value.isContiguous { throw .unusable(name: name, reason: "it is a view with gaps") }
    if value.storage.isMapped { throw .unusable(name: name, reason: "it is a file that is mapped read-only") }
  }

  /// The addresses of the weights.
  var addresses: Range<UInt> {
    let start = UInt(bitPattern: value.pointer)
    return start..<start + UInt(value.count * value.dtype.blockBytes)
  }

  /// Throws unless all parameters are usable, of different names, and in different places.
  static func check(_ parameters: [Parameter]) throws(OptimizerError) {
    var names: Set<String> = []
    for parameter in parameters {
      try parameter.checkUsable()
      if !names.insert(parameter.name).inserted { throw .duplicateName(parameter.name) }
    }
    let sorted = parameters.filter { $0.value.count > 0 }.sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }
    for (a, b) in zip(sorted, sorted.dropFirst()) where a.addresses.overlaps(b.addresses) {
      throw .sharedMemory(a.name, b.name)
    }
  }
}
