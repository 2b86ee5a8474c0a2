import CVenturi
import NumericTypes
import Synchronization
import Tensors

/// Turns the rows of one tensor into another type, in parallel and a piece at a time, so that memory does not grow with the
/// tensor. The bytes do not depend on the number of threads.
struct TensorConverter {
  /// Elements that one item of work encodes; long rows are cut, which no type minds at multiples of 256.
  private static let itemElements = 1 << 15
  /// Elements of the pieces that results come in.
  private static let pieceElements = 1 << 22

  let workers: Workers
  private let scratch: UnsafeMutableBufferPointer<Float>
  private var result: UnsafeMutableRawBufferPointer

  /// A converter that computes on `workers`; ``free()`` ends its use.
  init(workers: Workers) {
    self.workers = workers
    scratch = .allocate(capacity: workers.count * Self.itemElements * 2)
    result = .allocate(byteCount: Self.pieceElements * 4, alignment: 64)
  }

  /// Gives the memory back.
  func free() {
    scratch.deallocate()
    result.deallocate()
  }

  /// One item of work: rows, or a part of one row.
  private struct Span {
    var start: Int
    var rows: Int
    var column: Int
    var width: Int
    var count: Int { rows * width }
  }

  /// Converts `values`, [..., rows, width], and hands the encoded bytes to `emit` in order.
  ///
  /// - Parameters:
  ///   - name: the tensor's, for errors.
  ///   - importance: `width` weights for each matrix of `matrixRows` rows.
  /// - Throws: ``CompressionError/notFinite(tensor:index:value:)``, ``CompressionError/outOfRange(tensor:index:value:type:)``;
  ///   what `emit` throws.
  func convert(
    _ values: Tensor, name: String, with encoder: RowEncoder, importance: [Float]?, matrixRows: Int,
    emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let width = values.shape.last
    guard values.count > 0 else { return }
    let rows = values.count / width
    let items = Self.items(rows: rows, width: width, matrixRows: importance == nil ? rows : matrixRows)
    var first = 0
    while first < items.count {
      var last = first
      var elements = 0
      while last < items.count, elements == 0 || elements + items[last].count <= Self.pieceElements {
        elements += items[last].count
        last += 1
      }
      let piece = items[first..<last]
      try encode(piece, values, name: name, encoder, importance, matrixRows: matrixRows)
      let bytes = elements / encoder.dtype.blockLength * encoder.dtype.blockBytes
      try emit(UnsafeRawBufferPointer(rebasing: result[..<bytes]))
      first = last
    }
  }

  private static func items(rows: Int, width: Int, matrixRows: Int) -> [Span] {
    var items: [Span] = []
    if width > itemElements {
      for row in 0..<rows {
        for column in stride(from: 0, to: width, by: itemElements) {
          items.append(
            Span(start: row * width + column, rows: 1, column: column, width: min(itemElements, width - column)))
        }
      }
      return items
    }
    // Sixteen sub-blocks are encoded at once: multiples of 16 rows leave none over but in the last item.
    let each = max(1, itemElements / width)
    let step = each >= 16 ? each / 16 * 16 : each
    for matrix in stride(from: 0, to: rows, by: max(1, matrixRows)) {
      let end = min(rows, matrix + max(1, matrixRows))
      for row in stride(from: matrix, to: end, by: step) {
        items.append(Span(start: row * width, rows: min(step, end - row), column: 0, width: width))
      }
    }
    return items
  }

  private func encode(
    _ items: ArraySlice<Span>, _ values: Tensor, name: String, _ encoder: RowEncoder, _ importance: [Float]?,
    matrixRows: Int
  ) throws {
    let width = values.shape.last
    let origin = items.first?.start ?? 0
    let (source, target, scratch) = (UnsafeRawPointer(values.pointer), result, scratch)
    let (dtype, count) = (values.dtype, items.count)
    // The least index of a number that cannot be encoded; every item is looked at, so it does not depend on the threads.
    let bad = Mutex<(index: Int, value: Float)?>(nil)
    importance.withOptionalBuffer { weights in
      nonisolated(unsafe) let weights = weights
      workers.run(count) { number, worker in
        let item = items[items.startIndex + number]
        let room = scratch.baseAddress.unsafelyUnwrapped + worker * Self.itemElements * 2
        let from = source + item.start / dtype.blockLength * dtype.blockBytes
        let numbers: UnsafePointer<Float>
        if dtype == .f32 {
          numbers = from.assumingMemoryBound(to: Float.self)
        } else {
          decode(dtype, item.count, from, room)
          numbers = UnsafePointer(room)
        }
        if let index = encoder.firstUnencodable(numbers, count: item.count) {
          let found = (index: item.start + index, value: numbers[index])
          bad.withLock { if $0.map({ found.index < $0.index }) ?? true { $0 = found } }
          return
        }
        let matrix = item.start / width / max(1, matrixRows)
        encoder.encode(
          rows: item.rows, width: item.width, from: numbers,
          importance: weights.map { $0 + matrix * width + item.column },
          to: target.baseAddress.unsafelyUnwrapped
            + (item.start - origin) / encoder.dtype.blockLength * encoder.dtype.blockBytes)
      }
    }
    if let bad = bad.withLock({ $0 }) {
      throw bad.value.isFinite
        ? CompressionError.outOfRange(tensor: name, index: bad.index, value: bad.value, type: encoder.dtype)
        : CompressionError.notFinite(tensor: name, index: bad.index, value: bad.value)
    }
  }

  /// Rows as f32.
  private func decode(_ dtype: DType, _ count: Int, _ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>) {
    let kernels = vt_elementwise_kernels_for(KernelSet.preferred.isa).unsafelyUnwrapped.pointee
    switch dtype {
    case .f16: kernels.f32_from_f16(Int64(count), from.assumingMemoryBound(to: UInt16.self), to)
    case .bf16: kernels.f32_from_bf16(Int64(count), from.assumingMemoryBound(to: UInt16.self), to)
    default: decodeRow(dtype, count: count, from: from, to: to)
    }
  }
}

extension [Float]? {
  /// Calls `body` with the elements' address, or with nothing.
  fileprivate func withOptionalBuffer(_ body: (UnsafePointer<Float>?) -> Void) {
    guard let self else { return body(nil) }
    self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
