import NumericTypes
import Testing

@Suite struct NumericTypesTests {
  @Test func shapeRules() throws {
    var cases = 0
    let broadcasts: [(Shape, Shape, Shape?)] = [
      ([], [], []), ([3], [], [3]), ([2, 3], [3], [2, 3]), ([2, 1], [3], [2, 3]), ([1], [0], [0]),
      ([0, 4], [1, 1], [0, 4]),
      ([2], [3], nil), ([2, 3], [2], nil), ([0], [2], nil), ([5, 1, 7], [6, 1], [5, 6, 7]),
    ]
    for (a, b, expected) in broadcasts {
      for (x, y) in [(a, b), (b, a)] {
        if let expected {
          #expect(try x.broadcast(with: y) == expected)
        } else {
          #expect(throws: NumericsError.notBroadcastable(x, y)) { try x.broadcast(with: y) }
        }
        cases += 1
      }
    }
    let products: [(Shape, Shape, Shape?)] = [
      ([2, 3], [3, 4], [2, 4]), ([5, 2, 3], [3, 4], [5, 2, 4]), ([2, 3], [7, 3, 4], [7, 2, 4]),
      ([5, 1, 2, 3], [6, 3, 4], [5, 6, 2, 4]), ([0, 3], [3, 0], [0, 0]), ([2, 3], [4, 3], nil), ([3], [3, 4], nil),
      ([2, 3], [3], nil), ([2, 2, 3], [3, 3, 4], nil),
    ]
    for (a, b, expected) in products {
      if let expected {
        #expect(try a.matmul(with: b) == expected)
      } else {
        #expect(throws: NumericsError.self) { try a.matmul(with: b) }
      }
      cases += 1
    }
    let shape: Shape = [4, 5, 6]
    for axis in -5..<5 {
      if (-3..<3).contains(axis) {
        let kept = try shape.reduced(axis: axis, keepingAxis: true)
        #expect(kept.rank == 3 && kept[axis] == 1)
        #expect(try shape.reduced(axis: axis, keepingAxis: false).rank == 2)
      } else {
        #expect(throws: NumericsError.axisOutOfRange(axis: axis, rank: 3)) {
          try shape.reduced(axis: axis, keepingAxis: true)
        }
      }
      cases += 1
    }
    #expect(cases >= 39)
  }

  @Test func outsideExtentsAreChecked() {
    #expect(throws: NumericsError.negativeDimension(axis: 1, value: -2)) { try Shape(validating: [3, -2]) }
    #expect(throws: NumericsError.self) { try Shape(validating: [1 << 32, 1 << 32]) }
    #expect(throws: NumericsError.overflow("x")) { try checkedProduct(.max, 2, "x") }
    #expect(throws: NumericsError.overflow("y")) { try checkedSum(.max, 1, "y") }
    let shape: Shape = [2, 3, 4]
    #expect(shape.rowMajorStrides == [12, 4, 1])
    #expect(shape.rows == 6 && Shape([]).count == 1)
  }

  @Test func byteCounts() throws {
    let perBlock: [DType: Int] = [
      .q4_0: 18, .q4_1: 20, .q5_0: 22, .q5_1: 24, .q8_0: 34, .q8_1: 36, .q2_K: 84, .q3_K: 110, .q4_K: 144, .q5_K: 176,
      .q6_K: 210, .q8_K: 292, .iq1_s: 50, .iq1_m: 56, .iq2_xxs: 66, .iq2_xs: 74, .iq2_s: 82, .iq3_xxs: 98, .iq3_s: 110,
      .iq4_nl: 18, .iq4_xs: 136, .tq1_0: 54, .tq2_0: 66, .q1_0: 18, .q2_0: 18, .mxfp4: 17, .nvfp4: 36,
    ]
    for dtype in DType.allCases {
      #expect(dtype.isBlockQuantized == (perBlock[dtype] != nil))
      let expected = 512 / dtype.blockLength * (perBlock[dtype] ?? dtype.blockBytes)
      #expect(try dtype.byteCount(of: 512) == expected)
      if dtype.isBlockQuantized {
        #expect(throws: NumericsError.partialBlock(dtype: dtype, count: 33)) { try dtype.byteCount(of: 33) }
      }
      #expect(throws: NumericsError.self) { try dtype.byteCount(of: -dtype.blockLength) }
    }
  }

  @Test func everyHalfPattern() {
    for pattern in UInt16.min...UInt16.max {
      let value = floatFromHalf(bits: pattern)
      let exact = Float(Float16(bitPattern: pattern))
      #expect(value == exact || (value.isNaN && exact.isNaN))
      let brain = BFloat16(bitPattern: pattern).float
      #expect(BFloat16(brain).bitPattern == pattern || brain.isNaN)
    }
    #expect(BFloat16(1.00390625).bitPattern == 0x3F80 && BFloat16(1.01171875).bitPattern == 0x3F82)
    #expect(BFloat16(.greatestFiniteMagnitude).float == .infinity && BFloat16(.nan).float.isNaN)
  }
}
