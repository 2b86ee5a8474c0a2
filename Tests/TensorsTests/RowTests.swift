import NumericTypes
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct RowTests {
  static let one = Context(threads: 1)
  static let two = Context(threads: 2)
  static let twin = Context(threads: 1, kernels: .reference)

  @Test func normsAndSoftmax() {
    var numbers = Numbers()
    var cases = 0
    for width in [1, 2, 7, 8, 31, 32, 33, 64, 100, 576, 1000] {
      for rows in [1, 3, 40] {
        for scale: Float in [1, 20] {
          let x = numbers.tensor([rows, width], Self.one, scale: scale)
          let weight = numbers.tensor([width], Self.one)
          let bias = numbers.tensor([width], Self.one)
          let (w, b) = (weight.doubles(Self.one), bias.doubles(Self.one))
          let input = x.doubles(Self.one)
          var expected = [[Double]](repeating: [], count: 4)
          for row in 0..<rows {
            let r = Array(input[row * width..<(row + 1) * width])
            let top = r.max() ?? 0
            let total = r.reduce(0) { $0 + exp($1 - top) }
            expected[0] += r.map { exp($0 - top) / total }
            expected[1] += r.map { $0 - top - log(total) }
            let squares = r.reduce(0) { $0 + $1 * $1 } / Double(width)
            expected[2] += zip(r, w).map { $0 / (squares + 1e-5).squareRoot() * $1 }
            let mean = r.reduce(0, +) / Double(width)
            let variance = r.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            expected[3] += zip(r, zip(w, b)).map { ($0 - mean) / (variance + 1e-5).squareRoot() * $1.0 + $1.1 }
          }
          func all(_ context: Context) -> [Tensor] {
            [
              context.softmax(x), context.logSoftmax(x), context.rmsNorm(x, weight: weight, epsilon: 1e-5),
              context.layerNorm(x, weight: weight, bias: bias, epsilon: 1e-5),
            ]
          }
          for (index, result) in all(Self.one).enumerated() {
            #expect(
              normalizedError(result.doubles(Self.one), expected[index]) < 1e-11, "\(index) of [\(rows), \(width)]")
            #expect(all(Self.two)[index].bits(Self.two) == result.bits(Self.one))
            #expect(all(Self.twin)[index].bits(Self.twin) == result.bits(Self.one), "twin \(index) [\(rows), \(width)]")
            cases += 1
          }
        }
      }
    }
    #expect(cases >= 264)
  }

  @Test func softmaxOfTheUnusual() {
    let context = Self.one
    let rows = context.tensor(
      [0, -.infinity, 0, .nan, 1, 2, -.infinity, -.infinity, -.infinity, .infinity, 1, 2], [4, 3])
    let y = context.softmax(rows).doubles(context)
    #expect(y[0] == 0.5 && y[1] == 0 && y[2] == 0.5)
    #expect(y[3...].allSatisfy { $0.isNaN })
    #expect(context.softmax(context.zeros([0, 4])).count == 0 && context.softmax(context.zeros([4, 0])).count == 0)
    let half = context.softmax(context.cast(context.tensor([1, 1, 1, 1]), to: .bf16))
    #expect(half.dtype == .bf16 && half.doubles(context) == [0.25, 0.25, 0.25, 0.25])
  }

  @Test func reductionsAlongEveryAxis() {
    var numbers = Numbers()
    var cases = 0
    for shape: Shape in [[1], [7], [3, 5], [4, 1, 9], [2, 33, 4], [5, 70]] {
      let x = numbers.tensor(shape, Self.one)
      for axis in -shape.rank..<shape.rank {
        for keeps in [false, true] {
          let resolved = axis < 0 ? axis + shape.rank : axis
          let extent = shape[resolved]
          let inner = shape.dimensions[(resolved + 1)...].reduce(1, *)
          let input = x.doubles(Self.one)
          var sums: [Double] = []
          var tops: [Double] = []
          var bottoms: [Double] = []
          var places: [Double] = []
          for outer in 0..<shape.count / extent / inner {
            for column in 0..<inner {
              let line = (0..<extent).map { input[(outer * extent + $0) * inner + column] }
              sums.append(line.reduce(0, +))
              tops.append(line.max() ?? 0)
              bottoms.append(line.min() ?? 0)
              places.append(Double(line.firstIndex(of: line.max() ?? 0) ?? 0))
            }
          }
          let total = Self.one.sum(x, axis: axis, keepingAxis: keeps)
          #expect(total.shape.rank == (keeps ? shape.rank : shape.rank - 1))
          #expect(normalizedError(total.doubles(Self.one), sums) < 1e-10)
          #expect(
            normalizedError(
              Self.one.mean(x, axis: axis, keepingAxis: keeps).doubles(Self.one), sums.map { $0 / Double(extent) })
              < 1e-10)
          #expect(Self.one.maximum(x, axis: axis, keepingAxis: keeps).doubles(Self.one) == tops)
          #expect(Self.one.minimum(x, axis: axis, keepingAxis: keeps).doubles(Self.one) == bottoms)
          #expect(Self.one.argmax(x, axis: axis, keepingAxis: keeps).doubles(Self.one) == places)
          #expect(Self.two.sum(x, axis: axis).bits(Self.two) == Self.twin.sum(x, axis: axis).bits(Self.twin))
          cases += 6
        }
      }
    }
    #expect(cases >= 280)
    let long = numbers.tensor([200_000], Self.one)
    let exact = long.doubles(Self.one).reduce(0, +)
    #expect(abs(Self.two.sum(long).doubles(Self.two)[0] - exact) < 1e-2)
    #expect(Self.two.sum(long).bits(Self.two) == Self.one.sum(long).bits(Self.one))
    #expect(Self.one.sum(Self.one.zeros([3, 0]), axis: 1).doubles(Self.one) == [0, 0, 0])
    let odd = Self.one.tensor([1, .nan, 3, .nan])
    #expect(Self.one.maximum(odd, axis: 0).doubles(Self.one)[0].isNaN && Self.one.argmax(odd).doubles(Self.one) == [1])
  }

  @Test func topKAgreesWithSorting() {
    var numbers = Numbers()
    var cases = 0
    for width in [1, 2, 9, 64, 300] {
      for k in [0, 1, 2, 7, 40, 300] where k <= width {
        // Few different values, so that ties are common.
        let values = (0..<3 * width).map { _ in Float(Int(numbers.random.uniform() * 12)) }
        let x = Self.one.tensor(values, [3, width])
        let (best, places) = Self.two.topK(x, k)
        var expected: [(Float, Int)] = []
        for row in 0..<3 {
          let line = values[row * width..<(row + 1) * width].enumerated().map { ($1, $0) }
          expected += line.sorted { $0.0 > $1.0 || ($0.0 == $1.0 && $0.1 < $1.1) }.prefix(k)
        }
        #expect(best.doubles(Self.one) == expected.map { Double($0.0) })
        #expect(places.doubles(Self.one) == expected.map { Double($0.1) })
        cases += 1
      }
    }
    #expect(cases >= 18)
    #expect(Self.one.topK(Self.one.tensor([1, .nan, 5]), 2).indices.doubles(Self.one) == [1, 2])
  }

  @Test func gatherScatterAndConcatenate() {
    let context = Self.two
    let table = context.arange(20).reshaped([5, 4])
    let index = context.cast(context.tensor([4, 0, 4]), to: .i32)
    #expect(context.gather(table, index).doubles(context) == [16, 17, 18, 19, 0, 1, 2, 3, 16, 17, 18, 19])
    let ones = context.full([3, 4], 1)
    let added = context.scatterAdd(table, index, ones).doubles(context)
    var sums = (0..<20).map { Double($0) }
    for i in 0..<4 { sums[i] += 1 }
    for i in 16..<20 { sums[i] += 2 }
    #expect(added == sums)
    let written = context.scatter(table, index, context.arange(12).reshaped([3, 4])).doubles(context)
    var rows: [Double] = [4, 5, 6, 7]
    rows += (4..<16).map { Double($0) }
    rows += [8, 9, 10, 11]
    #expect(written == rows)
    let joined = context.concatenate([table.sliced(axis: 1, 0..<1), table.sliced(axis: 1, 2..<4)], axis: 1)
    #expect(joined.shape == [5, 3] && joined.doubles(context)[3...5] == [4, 6, 7])
    #expect(context.concatenate([table, table]).shape == [10, 4])
  }
}
