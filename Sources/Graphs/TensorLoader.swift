import Formats
import NumericTypes
import Tensors

/// Copies tensors of a file into memory of the run, so that they no longer depend on the file.
struct TensorLoader {
  let allocator: Allocator
  let limits: GraphLimits
  /// Reads the bytes of a part of another file.
  let external: ((ONNXTensor, ONNXExternalData) throws -> ByteView)?

  /// A tensor's elements.
  func load(_ tensor: ONNXTensor) throws -> GraphTensor {
    let (type, count) = (tensor.type, tensor.count)
    switch tensor.data {
    case .strings(let strings): return GraphTensor(strings: strings, shape: tensor.shape)
    case .raw(let view): return try raw(tensor, view)
    case .external(let place):
      guard let external else {
        throw GraphError.externalData(
          tensor: tensor.name, path: place.location, reason: "the model was not loaded from a folder")
      }
      return try raw(tensor, try external(tensor, place))
    case .floats(let values):
      return try store(tensor, count * type.storedBytes) { target in
        values.withUnsafeBytes {
          target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
      }
    case .doubles(let values):
      return try store(tensor, count * type.storedBytes) { target in
        values.withUnsafeBytes {
          target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
      }
    case .int64s(let values): return try numbers(tensor, values)
    case .uint64s(let values): return try numbers(tensor, values)
    case .int32s(let values):
      switch type {
      case .float16, .bfloat16:
        return try store(tensor, 2 * count) { target in
          let target = target.assumingMemoryBound(to: UInt16.self)
          for i in 0..<count { target[i] = UInt16(truncatingIfNeeded: values[i]) }
        }
      case .uint4, .int4, .float4E2M1, .uint2, .int2:
        let packed = values.map { UInt8(truncatingIfNeeded: $0) }
        return try packed.withUnsafeBytes { try unpack(tensor, $0) }
      case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0:
        return try store(tensor, count) { target in
          let target = target.assumingMemoryBound(to: UInt8.self)
          for i in 0..<count { target[i] = UInt8(truncatingIfNeeded: values[i]) }
        }
      default: return try numbers(tensor, values.map { Int64($0) })
      }
    }
  }

  /// A tensor of zeros with the file's values in their places.
  func load(_ sparse: ONNXSparseTensor) throws -> GraphTensor {
    let values = try load(sparse.values)
    let indices = try load(sparse.indices).values(Int64.self)
    let size = sparse.values.type.storedBytes
    guard size > 0 else {
      throw GraphError.refused(node: sparse.values.name, reason: "a sparse tensor of strings")
    }
    let count = sparse.shape.reduce(1, *)
    let strides = Shape(sparse.shape).rowMajorStrides
    let isFlat = sparse.indices.shape.count == 1
    let dense = ONNXTensor(
      name: sparse.values.name, type: sparse.values.type, shape: sparse.shape, data: .strings([]), offset: 0)
    return try store(dense, count.multipliedClamped(by: size)) { target in
      target.initializeMemory(as: UInt8.self, repeating: 0, count: count * size)
      for item in 0..<values.count {
        var position = 0
        if isFlat {
          position = Int(indices[item])
        } else {
          for axis in sparse.shape.indices {
            let index = indices[item * sparse.shape.count + axis]
            guard index >= 0, index < sparse.shape[axis] else { position = -1; break }
            position += Int(index) * strides[axis]
          }
        }
        guard position >= 0, position < count else {
          throw GraphError.refused(node: sparse.values.name, reason: "a sparse index outside of \(sparse.shape)")
        }
        values.withBytes { (target + position * size).copyMemory(from: $0 + item * size, byteCount: size) }
      }
    }
  }

  private func store(
    _ tensor: ONNXTensor, _ bytes: Int, _ fill: (UnsafeMutableRawPointer) throws -> Void
  ) throws -> GraphTensor {
    guard bytes <= limits.memory else {
      throw GraphError.memoryLimit(node: tensor.name, needed: bytes, limit: limits.memory)
    }
    let storage = try Storage(byteCount: bytes, allocator: allocator)
    try fill(storage.base)
    return GraphTensor(tensor.type, tensor.shape, .bytes(storage, offset: 0))
  }

  private func numbers<Number: Lane>(_ tensor: ONNXTensor, _ values: [Number]) throws -> GraphTensor {
    try store(tensor, tensor.count * tensor.type.storedBytes) { target in
      values.withUnsafeBufferPointer { buffer in
        if let base = buffer.baseAddress { Lanes.store(tensor.type, base, count: buffer.count, to: target) }
      }
    }
  }

  private func raw(_ tensor: ONNXTensor, _ view: ByteView) throws -> GraphTensor {
    if tensor.type.bits < 8 { return try view.withUnsafeBytes { try unpack(tensor, $0) } }
    return try store(tensor, view.count) { target in
      view.withUnsafeBytes { target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count) }
    }
  }

  /// Elements below 8 bits, packed from the low bits up, one to a byte.
  private func unpack(_ tensor: ONNXTensor, _ packed: UnsafeRawBufferPointer) throws -> GraphTensor {
    let (bits, count) = (tensor.type.bits, tensor.count)
    let isSigned = tensor.type == .int4 || tensor.type == .int2
    return try store(tensor, count) { target in
      let target = target.assumingMemoryBound(to: UInt8.self)
      let mask = UInt8(1 << bits - 1)
      for i in 0..<count {
        let code = packed[i * bits / 8] >> UInt8(i * bits % 8) & mask
        // Signed elements are kept as the numbers they are.
        target[i] = isSigned && code >> UInt8(bits - 1) == 1 ? code | ~mask : code
      }
    }
  }
}
