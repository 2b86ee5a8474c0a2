import CVenturi
import Costs
import NumericTypes

extension Context {
  /// The same elements, row-major without gaps: `x` itself when it is that already.
  public func contiguous(_ x: Tensor) -> Tensor { x.isContiguous ? x : copy(x) }

  /// What a copy or a change of type moves.
  public static func copyCost(_ shape: Shape, _ from: DType, _ to: DType) -> OperationCost {
    func bytes(_ dtype: DType) -> Double { Double(shape.count / dtype.blockLength * dtype.blockBytes) }
    return OperationCost(bytesRead: bytes(from), bytesWritten: bytes(to))
  }

  /// A fresh row-major copy.
  public func copy(_ x: Tensor) -> Tensor {
    guard x.isTracked else { return copied(x) }
    return differentiable([x]) {
      copied(x)
    } backward: {
      [$0.gradient]
    }
  }

  private func copied(_ x: Tensor) -> Tensor {
    let y = empty(x.shape, x.dtype)
    let (source, target) = (UnsafeRawPointer(x.pointer), y.pointer)
    if x.isContiguous {
      performRanges(y.count / x.dtype.blockLength, grain: 1 << 16, .copy, Self.copyCost(x.shape, x.dtype, x.dtype)) {
        [bytes = x.dtype.blockBytes] range in
        (target + range.lowerBound * bytes).copyMemory(
          from: source + range.lowerBound * bytes, byteCount: range.count * bytes)
      }
      return y
    }
    precondition(!x.dtype.isBlockQuantized, "a strided view of \(x.dtype.displayName) \(x.shape) cannot be copied")
    if x.isTransposedMatrix { return transposedCopy(x) }
    let walk = ElementWalk(x.shape, [x.strides])
    let size = x.dtype.blockBytes
    let step = walk.innerStrides[0]
    func strided<Bits: FixedWidthInteger>(_ type: Bits.Type) {
      performSpans(walk, grain: 16384, .copy, Self.copyCost(x.shape, x.dtype, x.dtype)) {
        position, length, row, column in
        let from = source.assumingMemoryBound(to: type) + walk.offset(0, row: row) + column * step
        let to = target.assumingMemoryBound(to: type) + position
        if step == 1 { to.update(from: from, count: length) } else { for i in 0..<length { to[i] = from[i * step] } }
      }
    }
    switch size {
    case 1: strided(UInt8.self)
    case 2: strided(UInt16.self)
    case 4: strided(UInt32.self)
    default: strided(UInt64.self)
    }
    return y
  }

  /// The same for f32 whose neighbours lie along the last axis but one: sixteen rows of the source at a time are exchanged
  /// in registers.
  private func transposedCopy(_ x: Tensor) -> Tensor {
    let y = empty(x.shape, x.dtype)
    let rank = x.shape.rank
    let (rows, columns, stride) = (x.shape[rank - 2], x.shape[rank - 1], x.strides[rank - 1])
    let walk = ElementWalk(Shape(x.shape.dimensions.dropLast(2)), [Array(x.strides.dropLast(2))])
    let (source, target, kernels) = (x.pointer(as: Float.self), y.pointer(as: Float.self), gemmKernels)
    let blocks = (columns + 15) / 16
    let grain = max(1, 16384 / (16 * rows))
    performRanges(walk.count * blocks, grain: grain, .copy, Self.copyCost(x.shape, x.dtype, x.dtype)) { range in
      let run = 64
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * run) { buffer in
        let panel = buffer.baseAddress.unsafelyUnwrapped
        for item in range {
          let (matrix, block) = item.quotientAndRemainder(dividingBy: blocks)
          let (outer, inner) = matrix.quotientAndRemainder(dividingBy: walk.inner)
          let from = source + walk.offset(0, row: outer) + inner * walk.innerStrides[0] + 16 * block * stride
          let to = target + matrix * rows * columns + 16 * block
          let count = min(16, columns - 16 * block)
          for first in Swift.stride(from: 0, to: rows, by: run) {
            let some = min(run, rows - first)
            kernels.pointee.pack_transposed_f32(Int32(count), Int32(some), from + first, Int64(stride), panel)
            for row in 0..<some { (to + (first + row) * columns).update(from: panel + 16 * row, count: count) }
          }
        }
      }
    }
    return y
  }

  /// The elements as another type: `x` itself when it has that type.
  ///
  /// Floating-point results are rounded to nearest, ties to even (f64 to 16 bits by way of f32). To integers the fraction
  /// is dropped (and with it the gradient), NaN gives 0 and what is out of range the nearest 64-bit end, then narrower types wrap; to Bool
  /// everything but 0 is true. A quantised or 16-bit source with contiguous rows is decoded exactly.
  ///
  /// - Precondition: `dtype` is not block-quantised; a quantised source becomes f32.
  public func cast(_ x: Tensor, to dtype: DType) -> Tensor {
    if x.dtype == dtype { return x }
    guard x.isTracked, dtype.isFloatingPoint else { return converted(x.detached(), to: dtype) }
    return differentiable([x]) {
      converted(x, to: dtype)
    } backward: { [from = x.dtype] call in
      [call.context.cast(call.gradient, to: from)]
    }
  }

  private func converted(_ x: Tensor, to dtype: DType) -> Tensor {
    precondition(!dtype.isBlockQuantized, "\(x.dtype.displayName) \(x.shape) cannot be cast to \(dtype.displayName)")
    if x.dtype.isBlockQuantized {
      let decoded = decoded(x)
      return dtype == .f32 ? decoded : cast(decoded, to: dtype)
    }
    let y = empty(x.shape, dtype)
    let walk = ElementWalk(x.shape, [x.strides])
    let (source, target, from, kernels) = (UnsafeRawPointer(x.pointer), y.pointer, x.dtype, elementwiseKernels)
    let step = walk.innerStrides[0]
    performSpans(walk, grain: 16384, .copy, Self.copyCost(x.shape, from, dtype)) { position, length, row, column in
      let first = source + (walk.offset(0, row: row) + column * step) * from.blockBytes
      let out = target + position * dtype.blockBytes
      let floats = out.assumingMemoryBound(to: Float.self)
      let bits = out.assumingMemoryBound(to: UInt16.self)
      switch (from, dtype, step) {
      case (.f16, .f32, 1): kernels.pointee.f32_from_f16(Int64(length), first.bits16, floats)
      case (.bf16, .f32, 1): kernels.pointee.f32_from_bf16(Int64(length), first.bits16, floats)
      case (.f32, .f16, 1): kernels.pointee.f16_from_f32(Int64(length), first.f32, bits)
      case (.f32, .bf16, 1): kernels.pointee.bf16_from_f32(Int64(length), first.f32, bits)
      default: castSpan(from, dtype, first, step, out, length)
      }
    }
    return y
  }

  /// Rows of a block-quantised type as f32, exactly as the type defines them.
  private func decoded(_ x: Tensor) -> Tensor {
    precondition(x.isContiguous, "a strided view of \(x.dtype.displayName) \(x.shape) cannot be decoded")
    let y = empty(x.shape)
    let (dtype, width) = (x.dtype, x.shape.last)
    let (source, target) = (UnsafeRawPointer(x.pointer), y.pointer(as: Float.self))
    let rowBytes = width / dtype.blockLength * dtype.blockBytes
    let cost = Self.copyCost(x.shape, dtype, .f32)
    performRanges(y.count == 0 ? 0 : x.shape.rows, grain: max(1, 16384 / max(1, width)), .copy, cost) { rows in
      for row in rows { decodeRow(dtype, count: width, from: source + row * rowBytes, to: target + row * width) }
    }
    return y
  }
}

private func castSpan(
  _ from: DType, _ to: DType, _ first: UnsafeRawPointer, _ step: Int, _ out: UnsafeMutableRawPointer, _ count: Int
) {
  let isFromInteger = !from.isFloatingPoint
  let isToInteger = !to.isFloatingPoint
  func convert<Source: LaneNumber, Target: LaneNumber>(_: Source.Type, _: Target.Type, _ change: (Source) -> Target) {
    withLanes(Source.self, runs: 2) { lanes, run in
      withLanes(Target.self, runs: 2) { results, other in
        var done = 0
        while done < count {
          let some = min(run, other, count - done)
          Source.load(from, first + done * step * from.blockBytes, stride: step, count: some, to: lanes)
          for i in 0..<some { results[i] = change(lanes[i]) }
          Target.store(to, results, count: some, to: out + done * to.blockBytes)
          done += some
        }
      }
    }
  }
  switch (isFromInteger, isToInteger) {
  case (true, true): convert(Int64.self, Int64.self) { $0 }
  case (true, false):
    if to == .f64 {
      convert(Int64.self, Double.self) { Double($0) }
    } else {
      convert(Int64.self, Float.self) { Float($0) }
    }
  case (false, true):
    let isTruth = to == .bool
    if from == .f64 {
      convert(Double.self, Int64.self) { isTruth ? ($0 == 0 ? 0 : 1) : integer($0) }
    } else {
      convert(Float.self, Int64.self) { isTruth ? ($0 == 0 ? 0 : 1) : integer(Double($0)) }
    }
  case (false, false):
    if from == .f64 {
      convert(Double.self, Float.self) { Float($0) }
    } else if to == .f64 {
      convert(Float.self, Double.self) { Double($0) }
    } else {
      convert(Float.self, Float.self) { $0 }
    }
  }
}

/// The number without its fraction, held to the range; 0 for NaN.
func integer(_ x: Double) -> Int64 {
  if x.isNaN { return 0 }
  if x >= 0x1p63 { return .max }
  return x < -0x1p63 ? .min : Int64(x)
}

extension Tensor {
  /// Whether this is f32, and rows of it lie as columns without gaps.
  fileprivate var isTransposedMatrix: Bool {
    let rank = shape.rank
    return rank >= 2 && dtype == .f32 && strides[rank - 2] == 1 && strides[rank - 1] > 1 && shape[rank - 2] >= 8
      && shape[rank - 1] >= 8
  }
}
