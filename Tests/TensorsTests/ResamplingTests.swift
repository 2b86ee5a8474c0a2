import Foundation
import NumericTypes
import Tensors
import Testing

/// Transposed convolutions, interpolation and segments against loops over single elements.
@Suite struct ResamplingTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)

  @Test(arguments: [(1, [1, 1, 1]), (2, [0, 1, 0]), (1, [1, 0, 2]), (4, [0, 0, 0])])
  func aTransposedConvolutionSpreadsEachElementOverTheKernel(_ groups: Int, _ margins: [Int]) {
    var numbers = Numbers()
    let (batch, channels, made) = (2, 4, 3)
    var window = Window(kernel: [2, 3, 3])
    window.strides = [1, 2, 3]
    window.dilations = [2, 1, 2]
    window.before = margins
    window.after = [1, 0, 1]
    let extents = [6, 11, 17]
    let outputs = (0..<3).map { window.outputs(extents[$0], axis: $0) }
    let (x, w, bias) = (
      numbers.tensor(Shape([batch, channels] + outputs), one),
      numbers.tensor(Shape([channels, made] + window.kernel), one),
      numbers.tensor([groups * made], one)
    )
    let (xs, ws, biases) = (x.doubles(one), w.doubles(one), bias.doubles(one))
    let volume = extents.reduce(1, *)
    var expected = (0..<batch * groups * made * volume).map { biases[$0 / volume % (groups * made)] }
    for index in xs.indices {
      let place = [index / outputs[2] / outputs[1] % outputs[0], index / outputs[2] % outputs[1], index % outputs[2]]
      let channel = index / outputs.reduce(1, *) % channels
      let image = index / outputs.reduce(1, *) / channels
      for tap in 0..<window.taps {
        let offset = [tap / 9, tap / 3 % 3, tap % 3]
        let at = (0..<3).map { place[$0] * window.strides[$0] + offset[$0] * window.dilations[$0] - window.before[$0] }
        if (0..<3).contains(where: { at[$0] < 0 || at[$0] >= extents[$0] }) { continue }
        for output in 0..<made {
          let plane = (image * groups + channel / (channels / groups)) * made + output
          expected[plane * volume + (at[0] * extents[1] + at[1]) * extents[2] + at[2]] +=
            xs[index] * ws[(channel * made + output) * window.taps + tap]
        }
      }
    }
    for dtype in [DType.f32, .f64] {
      let parts = [x, w, bias].map { one.cast($0, to: dtype) }
      let y = one.transposedConvolution(
        parts[0], parts[1], bias: parts[2], window: window, extents: extents, groups: groups)
      #expect(y.shape == Shape([batch, groups * made] + extents))
      #expect(normalizedError(y.doubles(one), expected) < 1e-12)
    }
    let second = two.transposedConvolution(x, w, bias: bias, window: window, extents: extents, groups: groups)
    let first = one.transposedConvolution(x, w, bias: bias, window: window, extents: extents, groups: groups)
    #expect(second.bits(two) == first.bits(one))
  }

  @Test(arguments: [(5, 7, 13, 4), (1, 1, 3, 5), (8, 8, 8, 16), (9, 6, 1, 2), (40, 50, 77, 101)])
  func interpolationReadsBetweenTheElementsAround(_ height: Int, _ width: Int, _ rows: Int, _ columns: Int) {
    var numbers = Numbers()
    let x = numbers.tensor([2, 3, height, width], one)
    let source = x.doubles(one)
    func value(_ plane: Int, _ row: Int, _ column: Int) -> Double {
      source[(plane * height + min(row, height - 1)) * width + min(column, width - 1)]
    }
    func place(_ position: Int, _ from: Int, _ to: Int, _ alignsCorners: Bool) -> Double {
      if alignsCorners { return to == 1 ? 0 : Double(position) * Double(from - 1) / Double(to - 1) }
      return from == to ? Double(position) : max(0, (Double(position) + 0.5) * Double(from) / Double(to) - 0.5)
    }
    for alignsCorners in [false, true] {
      var expected: [Double] = []
      for plane in 0..<6 {
        for row in 0..<rows {
          for column in 0..<columns {
            let (y, x) = (place(row, height, rows, alignsCorners), place(column, width, columns, alignsCorners))
            let (top, left) = (Int(y), Int(x))
            let (down, right) = (y - Double(top), x - Double(left))
            expected.append(
              (1 - down) * ((1 - right) * value(plane, top, left) + right * value(plane, top, left + 1))
                + down * ((1 - right) * value(plane, top + 1, left) + right * value(plane, top + 1, left + 1)))
          }
        }
      }
      let y = one.interpolate(x, to: [rows, columns], .linear, alignsCorners: alignsCorners)
      #expect(y.shape == [2, 3, rows, columns])
      #expect(normalizedError(y.doubles(one), expected) < 1e-12)
      #expect(two.interpolate(x, to: [rows, columns], .linear, alignsCorners: alignsCorners).bits(two) == y.bits(one))
    }
    let near = one.interpolate(x, to: [rows, columns], .nearest).doubles(one)
    for (index, found) in near.enumerated() {
      let (plane, row, column) = (index / columns / rows, index / columns % rows, index % columns)
      #expect(found == value(plane, row * height / rows, column * width / columns))
    }
  }

  @Test func segmentsAreSummedInTheOrderOfTheirRows() {
    var numbers = Numbers()
    let (rows, width, count) = (500, 33, 20)
    let x = numbers.tensor([rows, width], one)
    let places = (0..<rows).map { ($0 * 7919) % 19 }
    let segments = one.cast(one.tensor(places.map { Float($0) }, [rows]), to: .i32)
    let source = x.doubles(one)
    var (sums, counts) = ([Double](repeating: 0, count: count * width), [Double](repeating: 0, count: count))
    var largest = [Double](repeating: -.infinity, count: count * width)
    for row in 0..<rows {
      counts[places[row]] += 1
      for i in 0..<width {
        sums[places[row] * width + i] += source[row * width + i]
        largest[places[row] * width + i] = max(largest[places[row] * width + i], source[row * width + i])
      }
    }
    let means = sums.indices.map { sums[$0] / max(1, counts[$0 / width]) }
    #expect(counts[19] == 0)
    #expect(normalizedError(one.segmentSum(x, segments, count: count).doubles(one), sums) < 1e-12)
    #expect(normalizedError(one.segmentMean(x, segments, count: count).doubles(one), means) < 1e-12)
    #expect(one.segmentMaximum(x, segments, count: count).doubles(one) == largest)
    #expect(
      two.segmentSum(x, segments, count: count).bits(two) == one.segmentSum(x, segments, count: count).bits(one))
  }
}
