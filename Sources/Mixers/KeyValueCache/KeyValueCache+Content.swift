import CVenturi
import Layers
import NumericTypes
import Tensors

extension KeyValueCache {
  /// Keeps the tokens at `indices`, in that order; leading pages that stay as they are stay shared.
  ///
  /// - Throws: ``/Layers/MixerError/positionOutOfRange(position:tokens:)``,
  ///   ``/Layers/MixerError/capacityExceeded(capacity:requested:)``,
  ///   ``/Layers/MixerError/memory(_:)``; nothing has changed then.
  public func gather(_ indices: [Int]) throws(MixerError) {
    guard indices.count <= capacity else { throw .capacityExceeded(capacity: capacity, requested: indices.count) }
    for index in indices where index < 0 || index >= tokens {
      throw .positionOutOfRange(position: index, tokens: tokens)
    }
    let size = KeyValueLayout.pageTokens
    var kernelLayout = layout.kernelLayout
    // Whole pages that stay in place are kept.
    var kept = 0
    while (kept + 1) * size <= indices.count, (kept * size..<(kept + 1) * size).allSatisfy({ indices[$0] == $0 }) {
      kept += 1
    }
    var fresh: [KeyValuePage] = []
    for target in kept * size..<max(kept * size, indices.count) {
      if target.isMultiple(of: size) {
        try fresh.append(KeyValuePage(bytes: layout.pageBytes, allocator: allocator))
      }
      vt_attention_move(
        fresh[fresh.count - 1].storage.base, Int32(target % size), pages[indices[target] / size].storage.base,
        Int32(indices[target] % size), Int64(layout.layers * layout.kvHeads), &kernelLayout)
    }
    replacePages(from: kept, with: fresh)
    setTokens(indices.count)
    if kept * size < indices.count { updateMeans(kept * size..<indices.count) }
  }

  /// Computes the means of the blocks that end among tokens.
  private func updateMeans(_ tokens: Range<Int>) {
    guard layout.hasBlockMeans else { return }
    var kernelLayout = layout.kernelLayout
    let inPage = KeyValueLayout.pageTokens / KeyValueLayout.blockTokens
    for block in tokens.lowerBound / KeyValueLayout.blockTokens..<tokens.upperBound / KeyValueLayout.blockTokens {
      for head in 0..<layout.layers * layout.kvHeads {
        vt_attention_mean(
          pages[block / inPage].storage.base + head * layout.headBytes, Int32(block % inPage), &kernelLayout,
          Int64(layout.meansBytes))
      }
    }
  }

  /// Appends keys and values [layers, kvHeads, n, d], f32 and contiguous, as n tokens.
  ///
  /// - Throws: ``/Layers/MixerError`` for shapes and types that do not fit, and when the capacity does not suffice.
  public func `import`(k: Tensor, v: Tensor) throws(MixerError) {
    for (name, tensor) in [("k", k), ("v", v)] {
      guard tensor.dtype == .f32 else { throw .unexpectedType(argument: name, tensor.dtype) }
      guard tensor.shape.rank == 4, tensor.shape[0] == layout.layers, tensor.shape[1] == layout.kvHeads,
        tensor.shape[2] == k.shape[2], tensor.shape[3] == layout.headDim, tensor.isContiguous
      else {
        throw .unexpectedShape(
          argument: name, tensor.shape,
          expected: "contiguous [\(layout.layers), \(layout.kvHeads), n, \(layout.headDim)]")
      }
    }
    let count = k.shape[2]
    try reserve(count)
    let keys = k.pointer(as: Float.self)
    let values = v.pointer(as: Float.self)
    var kernelLayout = layout.kernelLayout
    for head in 0..<layout.layers * layout.kvHeads {
      for row in 0..<count {
        let (page, key) = (tokens + row).quotientAndRemainder(dividingBy: KeyValueLayout.pageTokens)
        let offset = (head * count + row) * layout.headDim
        vt_attention_write(
          pages[page].storage.base + head * layout.headBytes, Int32(key), &kernelLayout, keys + offset, values + offset)
      }
    }
    advance(by: count)
    updateMeans(tokens - count..<tokens)
  }

  /// The keys and values of the tokens `range`: k and v [layers, kvHeads, n, d], f32.
  ///
  /// - Throws: ``/Layers/MixerError/positionOutOfRange(position:tokens:)``.
  public func export(_ range: Range<Int>, context: Context) throws(MixerError) -> (k: Tensor, v: Tensor) {
    guard range.lowerBound >= 0, range.upperBound <= tokens else {
      throw .positionOutOfRange(position: range.upperBound, tokens: tokens)
    }
    let shape: Shape = [layout.layers, layout.kvHeads, range.count, layout.headDim]
    let k = context.empty(shape)
    let v = context.empty(shape)
    let keys = k.pointer(as: Float.self)
    let values = v.pointer(as: Float.self)
    var kernelLayout = layout.kernelLayout
    for head in 0..<layout.layers * layout.kvHeads {
      for (row, token) in range.enumerated() {
        let (page, key) = token.quotientAndRemainder(dividingBy: KeyValueLayout.pageTokens)
        let offset = (head * range.count + row) * layout.headDim
        vt_attention_read(
          pages[page].storage.base + head * layout.headBytes, Int32(key), &kernelLayout, keys + offset, values + offset)
      }
    }
    return (k, v)
  }
}
