import NumericTypes
import Tensors
import Testing

/// Rows looked up in a packed matrix are those of its source, to the bit.
@Suite struct PackedRowTests {
  @Test(arguments: LinearTests.all) func rowsAreTheSource(dtype: DType) throws {
    for kernels in [KernelSet.preferred, .reference] {
      let context = Context(threads: 2, kernels: kernels)
      // The last panel is not full.
      let (rows, k) = (37, 512)
      let source = LinearTests.weights(dtype, rows: rows, k: k, seed: 5, context)
      let matrix = try PackedMatrix(packing: source, context: context)
      let ids: [Int32] = [36, 0, 15, 16, 36, 7] + (0..<37)
      var expected = [Float](repeating: 0, count: k)
      for count in [1, ids.count] {
        let found = ids.withUnsafeBufferPointer { ids in
          ids.baseAddress.map { LinearTests.values(context.rows(of: matrix, at: $0, count: count)) } ?? []
        }
        #expect(found.count == count * k)
        for row in 0..<count {
          let bytes = k / dtype.blockLength * dtype.blockBytes
          expected.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            decodeRow(dtype, count: k, from: UnsafeRawPointer(source.pointer + Int(ids[row]) * bytes), to: base)
          }
          #expect(
            found[row * k..<(row + 1) * k].map(\.bitPattern) == expected.map(\.bitPattern), "\(dtype), row \(ids[row])")
        }
      }
    }
  }
}
